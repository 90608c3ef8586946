"""What every scenario begins with, made once by the rules and copied: a list, content, open hits.

The registry lists drawn fingerprints, submitted as a person's device submits them; the console has
read the list over its protocol; the platform's content matches it, exactly or nearly.
"""

import logging
import os
import random
import secrets
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer
from multiprocessing import get_context
from pathlib import Path

import httpx
from sqlalchemy import select
from werkzeug.serving import make_server

from config.settings import load
from demo.platform import Received, handler
from exchange.records import MediaKind
from exchange.registry import connect
from jobs.registries import Registries
from jobs.runtime import Runtime, build
from local.stack import Ports, environment
from matching.fingerprint import Algorithm, Fingerprint
from moderation import content, index, passes, people, sources, sync
from moderation.content import Item, Print
from moderation.people import Identity
from moderation.permissions import Role
from moderation.source_settings import SourceSettings
from registry.app import from_environment
from registry.device import RegistryOverHttp
from store import migrate
from store.content import Content
from store.entry import Entry
from store.hit import Hit
from store.source import DisputeReason
from tests.e2e.installation import free_ports
from tests.soak.postgres import Postgres
from tests.world import near, pdq

FORK = get_context("fork")
POLICY = Path(__file__).with_name("policy.toml")
SOURCE, ACTOR = "Take It Down", "command:soak"
DECISIONS_PER_HIT = 1.4
HITS_PER_ENTRY = 1.6
CASE = 100
READY_SECONDS = 60
STAFF = {"mona": Role.MODERATOR, "milan": Role.MODERATOR, "lena": Role.LEAD, "lars": Role.LEAD}


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where everybody listens on 127.0.0.1, the same in every scenario: sources name it."""

    registry: int
    before_registry: int
    platform: int
    before_platform: int


@dataclass(frozen=True, slots=True)
class Template:
    """A prepared installation to copy. `environ` is complete but for the database and Redis."""

    folder: Path
    database_url: str
    addresses: Addresses
    environ: Mapping[str, str]
    people: tuple[Identity, ...]
    hit_ids: tuple[int, ...]
    registry_reasons: tuple[str, ...]


def prepare(
    folder: Path, decisions: int, servers: Mapping[str, Postgres | None]
) -> dict[str, Template]:
    """A template for each kind of database in `servers`, big enough for so many decisions."""
    addresses = Addresses(*free_ports(4))
    folder.mkdir(parents=True, exist_ok=True)
    environ = _environment(folder, addresses)
    hits = max(8, round(decisions / DECISIONS_PER_HIT))
    values = [pdq() for _ in range(max(6, round(hits / HITS_PER_ENTRY)))]
    with registry_process(environ, addresses.registry):
        _submit(addresses.registry, values)
        return {
            kind: _console(folder / kind, server, environ, addresses, values, hits)
            for kind, server in servers.items()
        }


@contextmanager
def registry_process(environ: Mapping[str, str], port: int) -> Iterator[None]:
    """The reference registry as a process of its own, ready."""
    with _process(_serve_registry, environ, port):
        yield


@contextmanager
def platform_process(environ: Mapping[str, str], port: int) -> Iterator[None]:
    """The demo platform's receiver as a process of its own, ready."""
    with _process(_serve_platform, environ, port):
        yield


@contextmanager
def _process(serve: Callable[[int], None], environ: Mapping[str, str], port: int) -> Iterator[None]:
    """A fork, so that nothing is imported anew. It answers by the time the block begins."""
    started = FORK.Process(target=_serve, args=(serve, environ, port))
    started.start()
    try:
        _await_answer(f"http://127.0.0.1:{port}/")
        yield
    finally:
        started.terminate()
        started.join()


def _serve(serve: Callable[[int], None], environ: Mapping[str, str], port: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.environ.update(environ)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    serve(port)


def _serve_registry(port: int) -> None:
    make_server("127.0.0.1", port, from_environment(), threaded=True).serve_forever()


def _serve_platform(port: int) -> None:
    received = Received(Path(os.environ["DATA_DIR"]) / "demo" / "platform.jsonl")
    serve = handler(os.environ["PLATFORM_SECRET"], received)
    ThreadingHTTPServer(("127.0.0.1", port), serve).serve_forever()


def _await_answer(url: str) -> None:
    """Wait until something answers there. TimeoutError if nothing does."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            httpx.get(url, timeout=2)
        except httpx.HTTPError:
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing answers at {url}") from None
            time.sleep(0.05)
        else:
            return


def _environment(folder: Path, addresses: Addresses) -> dict[str, str]:
    ports = Ports(0, addresses.registry, addresses.before_platform)
    return environment(folder, "redis://127.0.0.1:1/0", ports) | {
        "POLICY_FILES": str(POLICY),
        "REGISTRY_SHARING_LIMIT": "1000000 per minute",
        "REGISTRY_SUBMIT_LIMIT": "1000000 per minute",
        "DATABASE_URL": f"sqlite:///{folder / 'console.sqlite'}",
    }


def _submit(port: int, values: list[bytes]) -> None:
    with RegistryOverHttp(f"http://127.0.0.1:{port}") as device:
        for start in range(0, len(values), CASE):
            device.open_case(
                [
                    {
                        "kind": "image",
                        "fingerprints": [{"algorithm": "pdq", "value": value.hex(), "quality": 90}],
                    }
                    for value in values[start : start + CASE]
                ]
            )


def _console(
    folder: Path,
    server: Postgres | None,
    environ: Mapping[str, str],
    addresses: Addresses,
    values: list[bytes],
    hits: int,
) -> Template:
    folder.mkdir()
    url = server.fresh() if server else f"sqlite:///{folder / 'console.sqlite'}"
    parts = build(load({**environ, "DATA_DIR": str(folder), "DATABASE_URL": url}))
    migrate.upgrade(parts.database)
    _list(parts, addresses, len(values))
    staff = _staff(parts)
    _post(parts, values, hits)
    with parts.database.read() as session:
        hit_ids = tuple(session.scalars(select(Hit.id).order_by(Hit.id)))
        reasons = select(DisputeReason.name).where(DisputeReason.algorithm == Algorithm.PDQ)
        names = tuple(session.scalars(reasons.order_by(DisputeReason.name)))
    assert len(hit_ids) == hits, f"{len(hit_ids)} of {hits} hits came about"
    parts.database.close()
    return Template(folder, url, addresses, environ, staff, hit_ids, names)


def _list(parts: Runtime, addresses: Addresses, entries: int) -> None:
    """Read the registry's list. The source's address is the proxy's, which listens later."""
    now = datetime.now(UTC)
    base = f"http://127.0.0.1:{addresses.before_registry}/npo"
    with parts.database.write() as session:
        source = sources.add(
            session,
            name=SOURCE,
            kind=Registries(parts).kinds()["ncmec"],
            settings=SourceSettings(base, "local_registry"),
            policy=parts.settings.policy,
            actor=ACTOR,
            now=now,
        )
    credentials = parts.settings.secret("local_registry") or ""
    direct = f"http://127.0.0.1:{addresses.registry}/npo"
    with connect("ncmec", direct, credentials) as client:
        sync.sync(parts.database, source.id, client.fetch, parts.settings.policy, clock=_ahead)
        reasons = [reason for algorithm in Algorithm for reason in client.reasons(algorithm)]
    with parts.database.write() as session:
        sources.keep_reasons(session, source.id, reasons, now)
        listed = len(session.scalars(select(Entry.id)).all())
        index.new_version(session, now)
    assert listed == entries, f"{listed} of {entries} entries were read"


def _ahead() -> datetime:
    """So that the newest second of the registry's clock is read too."""
    return datetime.now(UTC) + timedelta(seconds=10)


def _staff(parts: Runtime) -> tuple[Identity, ...]:
    now = datetime.now(UTC)
    with parts.database.write() as session:
        return tuple(
            people.add(
                session,
                login=login,
                name=login.title(),
                role=role,
                password=secrets.token_urlsafe(12),
                actor=ACTOR,
                now=now,
            )
            for login, role in STAFF.items()
        )


def _post(parts: Runtime, values: list[bytes], hits: int) -> None:
    """Content that matches: every other one exactly, so that the platform is to hold it."""
    dice = random.Random(len(values))
    now = datetime.now(UTC)
    chosen = [*values, *dice.choices(values, k=hits)][:hits]
    items = [
        Item(f"post-{number}", MediaKind.IMAGE, (_print(value, 3 * (number % 2)),), "feed")
        for number, value in enumerate(chosen)
    ]
    with parts.database.write() as session:
        content.take(session, items, now)
    with parts.database.read() as session:
        rows = list(session.scalars(select(Content.id)))
    passes.match_whole(parts.database, parts.index, parts.settings.policy, rows, now)


def _print(value: bytes, distance: int) -> Print:
    return Print(Fingerprint(Algorithm.PDQ, near(value, distance)), 90)
