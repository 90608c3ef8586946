"""An installation with everything in it, to send something through and to search afterwards."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from flask import Flask
from redis import Redis
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from config.settings import ROOT, load
from console.application import build
from console.parts import Parts
from jobs import queues, runtime, sync
from jobs.queues import JsonQueue
from jobs.registries import Registries
from jobs.runtime import build as build_runtime
from moderation import keys, people, source_list, sources
from moderation.keys import Scope
from moderation.permissions import Role
from moderation.source_settings import SourceSettings
from store.database import Database
from tests.console.conftest import environment
from tests.console.visitor import Visitor
from tests.leaks import places
from tests.leaks.places import Lines, Place
from tests.registry.conftest import OURS, listen, make_registry
from tests.signals import own_signals
from tests.world import PASSWORD, START

__all__ = ["listen", "make_registry"]


class Recorder:
    """Keeps every answer of an application: its headers and its body."""

    def __init__(self, app: Flask, name: str) -> None:
        self.answers: list[Place] = []
        self._inner = app.wsgi_app
        self._name = name
        app.wsgi_app = self  # type: ignore[assignment, method-assign]

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        said: list[bytes] = []

        def started(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            said.append(f"{status} {headers}".encode())
            return start(status, headers, *rest)

        what = f"{self._name} answers {environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        answer = self._inner(environ, started)
        body = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        self.answers.append((what, b"".join(said) + body))
        return [body]


@dataclass
class Installation:
    """A console and a registry that listen, a worker that works when told to, and a folder."""

    folder: Path
    database: Database
    url: str
    registry_url: str
    redis: Redis
    environ: dict[str, str]
    app: Flask
    addresses: dict[str, str]
    recorders: list[Recorder]
    lines: Lines
    said: list[Place] = field(default_factory=list)

    def command(self, *words: str, **variables: str) -> str:
        """Run one of our commands in a process of its own; what it said is kept."""
        done = subprocess.run(
            [sys.executable, "app.py", *words],
            cwd=ROOT,
            env={**os.environ, **self.environ, **variables},
            capture_output=True,
            check=False,
        )
        self.said.append((f"output of {words[0]}", done.stdout + done.stderr))
        return (done.stdout + done.stderr).decode(errors="replace")

    def work(self) -> None:
        """Let a worker do everything that waits."""
        worker = SimpleWorker(
            [JsonQueue(name, connection=self.redis) for name in queues.NAMES],
            connection=self.redis,
            serializer=JSONSerializer,
        )
        with own_signals():
            worker.work(burst=True, logging_level="DEBUG")

    def read_list(self, wanted: int) -> None:
        """Read the registry's list until `wanted` entries are there."""
        for _ in range(60):
            sync.sync_source(1)
            with self.database.read() as session:
                if source_list.everything(session)[0].active >= wanted:
                    break
            time.sleep(0.2)  # the registry leaves its newest second for the next window
        self.work()

    def key(self) -> str:
        """A key of the platform's."""
        with self.database.write() as session:
            return keys.add(session, name="leak", scopes=tuple(Scope), actor="test", now=START)

    def person(self, role: Role) -> Visitor:
        """Somebody in this role, signed in."""
        login = role.value
        with self.database.write() as session:
            people.add(
                session,
                login=login,
                name=login.title(),
                role=role,
                password=PASSWORD,
                actor="test",
                now=START,
            )
        visitor = Visitor(self.app)
        visitor.get("/sign-in")
        visitor.press("Sign in", login=login, password=PASSWORD)
        return visitor

    def everything(self) -> Iterator[Place]:
        """Every place in which something can have stayed."""
        yield from places.tables(self.url)
        if self.registry_url != self.url:
            yield from (
                ("registry " + name, data) for name, data in places.tables(self.registry_url)
            )
        yield from places.keys(self.redis)
        yield from places.files(self.folder)
        yield from (("log", line.encode()) for line in self.lines.said)
        yield from self.said
        for recorder in self.recorders:
            yield from recorder.answers


@pytest.fixture
def installation(
    database_url: str,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make_registry: Callable[..., Flask],
    listen: Callable[[Flask], str],
) -> Iterator[Installation]:
    """One on each kind of database, the registry's on the same."""
    folder = tmp_path / "data"
    (folder / "tmp").mkdir(parents=True)
    registry_url = f"sqlite:///{folder / 'registry.sqlite'}"
    if database_url.startswith("sqlite"):
        moved = folder / "console.sqlite"
        moved.write_bytes((tmp_path / "console.sqlite").read_bytes())
        database_url = f"sqlite:///{moved}"
    else:
        registry_url = database_url
    environ = environment(database_url, redis_url, folder) | {
        "ALLOW_PRIVATE_DESTINATIONS": "1",
        "SECRET_LOCAL": f"{OURS.username}:{OURS.password}",
        "TMPDIR": str(folder / "tmp"),
        "POLICY_FILES": str(folder / "policy.toml"),
    }
    (folder / "policy.toml").write_text("[holds]\nregistry_seconds = 0\nplatform_seconds = 0\n")
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    runtime._of_process.cache_clear()
    settings = load(environ)
    parts = build_runtime(settings)
    registries = Registries(parts)
    app = build(
        settings, Parts(parts.database, settings.policy, parts.index, parts.wake, registries)
    )
    registry = make_registry(registry_url)
    recorders = [Recorder(app, "console"), Recorder(registry, "registry")]
    addresses = {"console": listen(app), "registry": listen(registry)}
    with parts.database.write() as session:
        sources.add(
            session,
            name="Local",
            kind=registries.kinds()["ncmec"],
            settings=SourceSettings(f"{addresses['registry']}/npo", "local"),
            policy=settings.policy,
            actor="test",
            now=START,
        )
    redis = Redis.from_url(redis_url)
    with places.logged() as lines:
        yield Installation(
            folder,
            parts.database,
            database_url,
            registry_url,
            redis,
            environ,
            app,
            addresses,
            recorders,
            lines,
        )
    runtime._of_process.cache_clear()
    parts.database.close()
    redis.close()
