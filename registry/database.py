"""The registry's database: reading, and writing one at a time under one clock.

A member reads windows of time `(from, to]` and never looks back, so a stamp must not appear in a
window that somebody has already read. Two things see to that:

- whoever changes the list holds the clock row locked until the commit, so that stamps are in the
  order of commits, and never run backwards when the machine's clock does;
- a stamp is the *next* whole second, so that a window which ends now is already complete.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, make_url, select, text
from sqlalchemy.orm import Session

from registry.tables import Base, Clock

LOCK_SECONDS = 10
"""How long a change waits for its turn."""
MOST_SECONDS = 4.0
"""How long a change may hold the clock. Meta's client keeps 5 seconds' distance from the present:
whoever does misses nothing, whatever happens here."""
SCHEMA_LOCK = 0x7265_6769_7374_7279
"""PostgreSQL's advisory lock for making the tables: the letters of "registry"."""


class TooSlow(Exception):
    """A change took so long that its stamp may lie in a window already read. Nothing was kept."""


class Database:
    """One database by its SQLAlchemy URL: a SQLite file, or PostgreSQL."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        postgres = self._url.get_backend_name() == "postgresql"
        waits = {"options": f"-c lock_timeout={LOCK_SECONDS}s"} if postgres else {}
        # hide_parameters: a fingerprint must not stand in an error or a log.
        self._engine = create_engine(self._url, hide_parameters=True, connect_args=waits)
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "connect", _set_up_sqlite)
            event.listen(self._engine, "begin", _begin_sqlite)
            self._reader: Engine = self._engine
        else:
            # One page is one state of the list, not two.
            self._reader = self._engine.execution_options(isolation_level="REPEATABLE READ")
        self._writer = self._engine.execution_options(registry_writes=True)

    def create(self) -> None:
        """Make the tables where they are missing. Several processes may do so at once."""
        with self._alone(), self._writer.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({SCHEMA_LOCK})"))
            Base.metadata.create_all(connection)
            if connection.execute(select(Clock.id)).first() is None:
                epoch = datetime.fromtimestamp(0, UTC)
                connection.execute(insert(Clock).values(id=1, last=epoch))

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one state of the list and changes nothing."""
        with Session(self._reader) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[tuple[Session, datetime]]:
        """A session that changes the list, alone, and the stamp for what it changes.

        Commits at the end, or rolls back. Do slow things (hashing) before. Raises TooSlow.
        """
        with Session(self._writer, expire_on_commit=False) as session, session.begin():
            clock = session.scalars(select(Clock).with_for_update()).one()
            began = monotonic()
            next_second = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
            clock.last = max(clock.last, next_second)
            yield session, clock.last
            session.flush()
            if monotonic() - began > MOST_SECONDS:
                raise TooSlow("the change took too long; nothing was kept, try again")

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """For SQLite, a lock beside the file: turning to WAL does not wait for others by itself."""
        name = self._url.database
        if self._engine.dialect.name != "sqlite" or not name or name == ":memory:":
            yield
            return
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        with path.with_name(path.name + ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with self._engine.connect() as connection:
                raw = connection.connection.dbapi_connection
                assert raw is not None  # noqa: S101 - a connected connection has one
                raw.execute("PRAGMA journal_mode=WAL")
            yield


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # BEGIN is ours to say, see _begin_sqlite
    connection.execute(f"PRAGMA busy_timeout={LOCK_SECONDS * 1000}")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA secure_delete=ON")  # what a person withdraws is overwritten


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("registry_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
