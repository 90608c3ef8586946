"""The console as it is composed for production, over a real database and a real Redis."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis

from config.settings import Settings, load
from console.application import build
from console.parts import Parts
from jobs.registries import Registries
from jobs.runtime import Runtime
from jobs.wake import Wake
from moderation import keys
from moderation.keys import Scope
from store.database import Database
from tests.console.visitor import Visitor
from tests.world import PASSWORD, World

_numbers = itertools.count(1)
BOTH = (Scope.WRITE_CONTENT, Scope.READ_CONTENT)


@dataclass
class Console:
    """An application, the world it shows, and ways to come in."""

    app: Flask
    world: World
    settings: Settings
    redis: Redis

    def visitor(self, address: str = "127.0.0.1") -> Visitor:
        """Somebody who has not signed in."""
        return Visitor(self.app, address)

    def signed_in(self, login: str) -> Visitor:
        """Somebody who signed in through the form, on the first page of their role."""
        who = self.world.people[login]
        visitor = self.visitor()
        visitor.get("/sign-in")
        answer = visitor.press("Sign in", login=who.login, password=PASSWORD)
        visitor.follow(visitor.follow(answer))
        return visitor

    def key(self, *scopes: Scope, name: str = "") -> dict[str, str]:
        """The header of a program with a fresh key; both scopes where none is named."""
        name = name or f"platform {next(_numbers)}"
        with self.world.database.write() as session:
            made = keys.add(
                session, name=name, scopes=scopes or BOTH, actor="test", now=datetime.now(UTC)
            )
        return {"Authorization": f"Bearer {made}"}


MakeApp = Callable[..., Flask]


def environment(database_url: str, redis_url: str, folder: Path) -> dict[str, str]:
    """The environment of a console in development, with secrets of its own."""
    return {
        "ENVIRONMENT": "development",
        "DATA_DIR": str(folder),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": "f3b1c59d2e7a4860917a5d3c8e6f0b24",
    }


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> Settings:
    """The settings of a console over this test's database and Redis."""
    return load(environment(database_url, redis_url, tmp_path))


@pytest.fixture
def make_app(database: Database, world: World) -> MakeApp:
    """Builds the application for settings, over the test's own parts."""

    def make(settings: Settings) -> Flask:
        wake = Wake(settings.redis_url)
        return build(
            settings,
            Parts(
                database=database,
                policy=settings.policy,
                index=world.directory,
                wake=wake,
                registries=Registries(Runtime(settings, database, world.directory, wake)),
            ),
        )

    return make


@pytest.fixture
def console(settings: Settings, world: World, make_app: MakeApp) -> Iterator[Console]:
    """A console whose world stands at the present moment, as the views' clock does."""
    world.now = datetime.now(UTC)
    redis = Redis.from_url(settings.redis_url)
    yield Console(make_app(settings), world, settings, redis)
    redis.close()


@pytest.fixture
def visitor(console: Console) -> Visitor:
    """Somebody who has not signed in."""
    return console.visitor()


def only(database: str) -> pytest.MarkDecorator:
    """For what does not depend on the database: run it on this kind alone."""
    kinds: Sequence[str] = (database,)
    return pytest.mark.parametrize("database_url", kinds, indirect=True)
