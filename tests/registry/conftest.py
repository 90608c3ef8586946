"""A registry to test: in process, or really listening, on either database."""

import os
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import create_engine, make_url, text
from werkzeug.serving import make_server

from registry.app import create_registry
from registry.services import Services
from registry.settings import AccountSettings, RegistrySettings

MakeRegistry = Callable[..., Flask]


@dataclass(frozen=True)
class SignIn:
    """A member's account, with the password that only the tests know."""

    member_id: int
    member_name: str
    username: str
    password: str

    @property
    def basic(self) -> tuple[str, str]:
        return self.username, self.password

    @property
    def settings(self) -> AccountSettings:
        return AccountSettings.model_validate(vars(self))


def _sign_in(member_id: int, name: str) -> SignIn:
    return SignIn(member_id, name, name.lower().split()[0], secrets.token_urlsafe(24))


OURS = _sign_in(42, "Our Platform")
PEER = _sign_in(43, "Peer & Sons")


def _fresh_postgres_database() -> Iterator[str]:
    """A database of its own on the tests' PostgreSQL server, dropped afterwards."""
    server = os.environ.get("TEST_POSTGRES_URL")
    if not server:
        pytest.fail(
            "TEST_POSTGRES_URL is not set: name a PostgreSQL server that tests may make databases "
            "on, as postgresql+psycopg://postgres@/postgres?host=/socket/directory"
        )
    name = f"registry_{uuid4().hex}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


def _fresh_database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'registry' / 'registry.sqlite'}"
    else:
        yield from _fresh_postgres_database()


KINDS = ["sqlite", "postgresql"]


@pytest.fixture(params=KINDS)
def registry_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database's URL, once on each kind of database."""
    yield from _fresh_database(request.param, tmp_path)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """For tests of what does not depend on the database."""
    return f"sqlite:///{tmp_path / 'registry.sqlite'}"


def _create(database_url: str, **changed: object) -> Flask:
    values: dict[str, object] = {
        "secret_key": secrets.token_hex(32),
        "database_url": database_url,
        "accounts": (OURS.settings, PEER.settings),
        "sharing_limit": "100000 per minute",
        "submit_limit": "100000 per minute",
        "case_limit": "100000 per minute",
    }
    return create_registry(RegistrySettings.model_validate(values | changed))


@pytest.fixture
def make_registry() -> Iterator[MakeRegistry]:
    """Applications with two members' accounts, closed at the end."""
    made: list[Flask] = []

    def make(database_url: str, **changed: object) -> Flask:
        made.append(_create(database_url, **changed))
        return made[-1]

    yield make
    for app in made:
        parts(app).database.close()


def parts(app: Flask) -> Services:
    """What an application is made of."""
    found: Services = app.extensions["registry"]
    return found


@pytest.fixture
def registry(registry_database_url: str, make_registry: MakeRegistry) -> Flask:
    """An empty registry, once on each kind of database."""
    return make_registry(registry_database_url)


@pytest.fixture(scope="module", params=KINDS)
def refusing(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    """A registry for tests of what it refuses: nothing of it is kept, so they can share one."""
    for url in _fresh_database(request.param, tmp_path_factory.mktemp("refusing")):
        app = _create(url)
        yield app
        parts(app).database.close()


@pytest.fixture
def listen() -> Iterator[Callable[[Flask], str]]:
    """Serve an application over real HTTP on a free port; answers with its address."""
    stops: list[Callable[[], None]] = []

    def start(app: Flask) -> str:
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()

        def stop() -> None:
            server.shutdown()
            thread.join()
            server.server_close()

        stops.append(stop)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for stop in stops:
        stop()
