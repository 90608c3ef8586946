"""Figure 4: POST /api/v1/check with a million entries, eight clients at once, on this machine.

The console runs as it is served: gunicorn, Redis, a key, rate limits counted. The peer is the same
question asked of PDQIndex behind a bare Flask route, under the same gunicorn settings and clients.
Clients send one picture a request; one in a hundred is a copy of something on the list.
"""

import http.client
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sqlalchemy import insert

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
SECONDS = 15.0
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
            with _serving("app:create_app()", environ) as port:
                ours = _load(port, "/api/v1/check", asked, {"Authorization": f"Bearer {key}"})
        peer_environ = {**os.environ, "BENCHMARK_VALUES": str(folder / "values.npy")}
        with _serving("benchmarks.bare_route:app", peer_environ, "--preload") as port:
            peers = _load(port, "/check", asked, {})
    return [
        Figure.yields("requests a second", *_rates(ours, peers)),
        Figure.cost("p50", *_quantiles(ours, peers, 50)),
        Figure.cost("p99", *_quantiles(ours, peers, 99)),
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


def _load(
    port: int, path: str, bodies: list[bytes], headers: Mapping[str, str]
) -> tuple[float, list[float]]:
    """Ask with all clients for SECONDS; requests a second, and seconds of each."""
    taken: list[float] = []
    _client(port, path, bodies[:200], headers, time.perf_counter() + 5, [])  # warm
    started = time.perf_counter()
    clients = [
        threading.Thread(
            target=_client,
            args=(port, path, bodies[n::CLIENTS], headers, started + SECONDS, taken),
        )
        for n in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return len(taken) / (time.perf_counter() - started), taken


def _client(
    port: int,
    path: str,
    bodies: list[bytes],
    headers: Mapping[str, str],
    until: float,
    taken: list[float],
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    sent = {"Content-Type": "application/json", **headers}
    number = 0
    while time.perf_counter() < until:
        started = time.perf_counter()
        connection.request("POST", path, bodies[number % len(bodies)], sent)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}")
        taken.append(time.perf_counter() - started)
        number += 1
    connection.close()


def _rates(
    ours: tuple[float, list[float]], peers: tuple[float, list[float]]
) -> tuple[float, str, float]:
    return ours[0], "1/s", peers[0]


def _quantiles(
    ours: tuple[float, list[float]], peers: tuple[float, list[float]], share: int
) -> tuple[float, str, float]:
    return (
        float(np.percentile(ours[1], share)) * 1e3,
        "ms",
        float(np.percentile(peers[1], share)) * 1e3,
    )
