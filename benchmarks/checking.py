"""Figure 4: POST /api/v1/check with a million entries, eight clients at once, on this machine.

The console runs as it is served: gunicorn, Redis, a key, rate limits counted. The peer is the same
question asked of PDQIndex behind a bare Flask route, under the same gunicorn settings and clients.
Clients send one picture a request; one in a hundred is a copy of something on the list. The
servers are asked turn about, five times, and the round whose ratio is the median counts.
"""

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sqlalchemy import insert

from benchmarks.clients import ask
from benchmarks.figure import Figure
from benchmarks.lists import NOBODY, Values, altered, pictures
from config.policy import load_policy
from config.settings import ROOT
from local.redis import private_redis
from matching.fingerprint import Algorithm
from matching.index import Block, IndexDirectory
from moderation import keys, sources
from moderation.keys import Scope
from moderation.source_settings import SourceSettings
from store import migrate
from store.database import Database
from store.entry import Entry, EntryFingerprint, IndexVersion

COUNT = 1_000_000
LISTED = 1_000  # entries that have a row: those that clients send copies of
CLIENTS = 8
ROUNDS = 5
SECONDS = 4.0
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def run() -> list[Figure]:
    """Requests a second, and how long one takes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        values = pictures(COUNT, 1)
        asked = _asked(values)
        np.save(folder / "values.npy", values)
        with private_redis(folder / "redis") as redis_url:
            environ, key = _install(folder, values, redis_url)
            peer_environ = {**os.environ, "BENCHMARK_VALUES": str(folder / "values.npy")}
            with (
                _serving("app:create_app()", environ) as port,
                _serving("benchmarks.bare_route:app", peer_environ, "--preload") as peer_port,
            ):
                rounds = _rounds(
                    (port, "/api/v1/check", asked, {"Authorization": f"Bearer {key}"}),
                    (peer_port, "/check", asked, {}),
                )
    rate, p50, p99 = (_median(rounds, m) for m in (_rate, _quantile(50), _quantile(99)))
    return [
        Figure.yields("requests a second", rate[0], "1/s", rate[1]),
        Figure.cost("p50", p50[0], "ms", p50[1]),
        Figure.cost("p99", p99[0], "ms", p99[1]),
    ]


def _asked(values: Values) -> list[bytes]:
    """Bodies to send: pictures that nobody listed, and one copy in a hundred."""
    unlisted = pictures(2_000, 3)
    copies = altered(values[:20], np.arange(20), 4)
    unlisted[::100] = copies
    return [
        json.dumps(
            {
                "items": [
                    {
                        "id": f"upload-{number}",
                        "kind": "image",
                        "fingerprints": [
                            {"algorithm": "pdq", "value": value.tobytes().hex(), "quality": 90}
                        ],
                    }
                ]
            }
        ).encode()
        for number, value in enumerate(unlisted)
    ]


def _install(folder: Path, values: Values, redis_url: str) -> tuple[dict[str, str], str]:
    """An installation with the list in its index; its environment and an API key."""
    url = f"sqlite:///{folder / 'console.sqlite'}"
    database = Database(url)
    migrate.upgrade(database)
    with database.write() as session:
        source = sources.add(
            session,
            name="Registry",
            kind=NOBODY,
            settings=SourceSettings("https://registry.test"),
            policy=load_policy([ROOT / "config" / "policy.toml"]),
            actor="benchmark",
            now=NOW,
        )
        session.add(IndexVersion(created_at=NOW, added=COUNT, removed=0))
        session.execute(insert(Entry), [_entry(source.id, n) for n in range(1, LISTED + 1)])
        session.execute(
            insert(EntryFingerprint),
            [
                {
                    "id": n,
                    "entry_id": n,
                    "algorithm": "pdq",
                    "value": values[n - 1].tobytes(),
                    "retired": False,
                    "indexed_version": 1,
                }
                for n in range(1, LISTED + 1)
            ],
        )
        key = keys.add(
            session, name="benchmark", scopes=(Scope.WRITE_CONTENT,), actor="benchmark", now=NOW
        )
    database.close()
    numbers = np.arange(1, COUNT + 1, dtype=np.int64)
    IndexDirectory(folder / "index").publish(1, [Block(Algorithm.PDQ, numbers, values)])
    environ = {
        **os.environ,
        "ENVIRONMENT": "development",
        "DATA_DIR": str(folder),
        "DATABASE_URL": url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": secrets.token_hex(32),
    }
    return environ, key


def _entry(source_id: int, number: int) -> dict[str, object]:
    return {
        "id": number,
        "source_id": source_id,
        "member_id": "1",
        "member_name": "Member",
        "entry_id": str(number),
        "kind": "image",
        "omitted": [],
        "first_seen_at": NOW,
        "changed_at": NOW,
    }


@contextmanager
def _serving(application: str, environ: Mapping[str, str], *options: str) -> Iterator[int]:
    """The port on which gunicorn serves `application`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = str(ROOT / "config" / "gunicorn.py")
    command = [sys.executable, "-m", "gunicorn", "-c", settings, "-b", f"127.0.0.1:{port}"]
    process = subprocess.Popen([*command, *options, application], cwd=ROOT, env=dict(environ))
    try:
        _await(port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


def _await(port: int) -> None:
    for _ in range(1_200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not start")


def _rounds(
    *asked: tuple[int, str, list[bytes], Mapping[str, str]],
) -> list[list[list[float]]]:
    """Seconds of each answer, for each round and in it for each server, turn about."""
    for one in asked:
        ask(*one, clients=CLIENTS, seconds=SECONDS)  # warm
    return [[ask(*one, clients=CLIENTS, seconds=SECONDS) for one in asked] for _ in range(ROUNDS)]


def _median(
    rounds: list[list[list[float]]], measure: Callable[[list[float]], float]
) -> tuple[float, float]:
    """Ours and the peer's of the round whose ratio is the median."""
    pairs = [(measure(mine), measure(theirs)) for mine, theirs in rounds]
    pairs.sort(key=lambda pair: pair[0] / pair[1])
    return pairs[len(pairs) // 2]


def _rate(taken: list[float]) -> float:
    return len(taken) / SECONDS


def _quantile(share: int) -> Callable[[list[float]], float]:
    return lambda taken: float(np.percentile(taken, share)) * 1e3
