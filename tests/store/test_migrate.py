"""Each migration goes up and down with data in the tables; the models are the newest one."""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, inspect, text
from sqlalchemy.exc import DatabaseError

from store import migrate
from store.database import Database
from store.tables import metadata
from tests.world import World

ROOT = Path(__file__).resolve().parents[2]


FIRST_ROWS = Path(__file__).parent / "rows_0001.json"
"""A decided hit with all that came of it and an open one, as they stood in the first tables."""


def _put_first_rows(database: Database) -> None:
    """Rows of an installation at the first revision, without today's models."""
    tables = MetaData()
    tables.reflect(database.engine)
    with database.write() as session:
        for name, rows in json.loads(FIRST_ROWS.read_text(encoding="utf-8")).items():
            table = tables.tables[name]
            session.execute(table.insert(), [_read(row) for row in rows])


def _read(row: dict[str, Any]) -> dict[str, Any]:
    """One row with its values as the database's driver takes them."""
    return {name: _value(value) for name, value in row.items()}


def _value(value: Any) -> Any:
    match value:
        case {"bytes": text}:
            return bytes.fromhex(text)
        case {"time": text}:
            return datetime.fromisoformat(text)
        case {"json": data}:
            return data
    return value


def _revisions() -> list[str]:
    scripts = ScriptDirectory.from_config(migrate.configuration())
    return [script.revision for script in scripts.walk_revisions()][::-1]


def _differences(database: Database) -> list[object]:
    """What the models say and the database does not have, or the other way round."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        return list(compare_metadata(context, metadata))


def _tables(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names()) - {"alembic_version"}


@pytest.mark.parametrize("revision", _revisions())
def test_up_with_data_down_and_up_again(empty_database_url: str, revision: str) -> None:
    database = Database(empty_database_url)
    migrate.upgrade(database, _revisions()[0])
    _put_first_rows(database)
    migrate.upgrade(database, revision)
    migrate.downgrade(database, f"{revision}-1")
    if revision == _revisions()[0]:
        assert _tables(database) == set()
    migrate.upgrade(database)
    assert migrate.current(database) == migrate.newest()
    assert _differences(database) == []
    database.close()


def test_what_came_about_today_goes_down_and_up(empty_database_url: str, tmp_path: Path) -> None:
    database = Database(empty_database_url)
    migrate.upgrade(database)
    world = World.make(database, tmp_path)
    world.decide(world.hit(distance=3), "remove")
    migrate.downgrade(database, _revisions()[0])
    migrate.upgrade(database)
    assert _differences(database) == []
    database.close()


def test_the_models_are_the_newest_migration(database: Database) -> None:
    assert _differences(database) == []
    assert _tables(database) == set(metadata.tables)


def test_a_planted_column_is_seen(database: Database) -> None:
    with database.write() as session:
        session.execute(text("ALTER TABLE people ADD COLUMN planted INTEGER"))
        session.execute(text("DROP INDEX ix_hits_opened_at"))
    assert {str(difference[0]) for difference in _differences(database)} == {  # type: ignore[index]
        "remove_column",
        "add_index",
    }


def test_the_revision_is_told(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    assert migrate.current(database) is None
    migrate.upgrade(database)
    assert migrate.current(database) == migrate.newest() == _revisions()[-1]
    database.close()


def test_processes_that_start_at_once_migrate_once(empty_database_url: str) -> None:
    program = (
        "import sys; from store import migrate; from store.database import Database\n"
        "migrate.upgrade(Database(sys.argv[1]))\n"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, empty_database_url],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in started:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
    database = Database(empty_database_url)
    assert _differences(database) == []
    database.close()


CHANGES = {
    "sqlite": [
        "UPDATE {} SET id = id + 1000",
        "DELETE FROM {}",
        "INSERT OR REPLACE INTO {0} SELECT * FROM {0}",
    ],
    "postgresql": [
        "UPDATE {} SET id = id + 1000",
        "DELETE FROM {}",
        "TRUNCATE {} CASCADE",
    ],
}
"""Ways to change what must only grow, in each database's language."""


@pytest.mark.parametrize("table", ["audit_entries", "decisions"])
def test_what_only_grows_is_guarded_by_the_database_itself(world: World, table: str) -> None:
    world.decide(world.hit(), "confirm")
    for change in CHANGES[world.database.engine.dialect.name]:
        with pytest.raises(DatabaseError, match="append-only"), world.database.write() as session:
            session.execute(text(change.format(table)))
