"""The unit of work: all or nothing, writers queue up, and an error tells no fingerprint."""

import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from store.content import Content, ContentFingerprint
from store.database import Database

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]


def _content(platform_id: str = "one") -> Content:
    return Content(platform_id=platform_id, kind="image", first_seen_at=NOW, last_seen_at=NOW)


def _count(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Content)) or 0


def test_a_block_that_ends_is_kept_and_one_that_raises_is_not(database: Database) -> None:
    with database.write() as session:
        session.add(_content())
    with pytest.raises(RuntimeError, match="planted"), database.write() as session:
        session.add(_content("two"))
        session.flush()
        raise RuntimeError("planted")
    assert _count(database) == 1


def test_reading_changes_nothing(database: Database) -> None:
    with database.read() as session:
        session.add(_content())
        session.flush()
    assert _count(database) == 0


def test_what_was_read_can_be_used_after_its_session(database: Database) -> None:
    with database.write() as session:
        session.add(_content())
    with database.read() as session:
        row = session.scalars(select(Content)).one()
    assert row.platform_id == "one"


def test_writers_queue_up_and_lose_nothing(database: Database) -> None:
    """Each reads, waits, and writes one more: the lost update that transactions are there for."""
    with database.write() as session:
        session.add(_content())

    def once_more() -> None:
        with database.write() as session:
            seen = session.scalars(select(Content.seen_count).with_for_update()).one()
            time.sleep(0.01)
            session.execute(update(Content).values(seen_count=seen + 1))

    threads = [threading.Thread(target=once_more) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        assert session.scalars(select(Content.seen_count)).one() == 9


def test_a_row_that_refers_to_nothing_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError), database.write() as session:
        session.add(ContentFingerprint(content_id=404, algorithm="md5", value=b"1" * 16))


def test_an_error_of_the_database_holds_no_fingerprint(database: Database) -> None:
    value = bytes(range(100, 116))
    with pytest.raises(IntegrityError) as caught, database.write() as session:
        session.add(ContentFingerprint(content_id=404, algorithm="md5", value=value))
    said = str(caught.value) + repr(caught.value)
    assert repr(value)[2:-1] not in said
    assert value.hex() not in said


def test_the_same_error_with_its_parameters_would_hold_it(database: Database) -> None:
    """The planted fault: SQLAlchemy as it comes writes every parameter into its errors."""
    value = bytes(range(100, 116))
    engine = create_engine(database.url, connect_args={})
    with engine.connect() as connection, pytest.raises(DBAPIError) as caught:
        connection.execute(
            insert(ContentFingerprint).values(content_id="?", algorithm="md5", value=value)
        )
        connection.execute(text("SELECT 1 FROM nowhere WHERE :value = 1"), {"value": value})
    engine.dispose()
    assert repr(value)[2:-1] in str(caught.value)


def test_a_new_folder_is_made_for_sqlite(tmp_path: object) -> None:
    database = Database(f"sqlite:///{tmp_path}/new/console.sqlite")
    with database.read() as session:
        assert session.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert session.execute(text("PRAGMA foreign_keys")).scalar() == 1
    database.close()


def test_whoever_opens_a_database_knows_every_table() -> None:
    """Also a process that imports one rule only: tables refer to each other by name."""
    program = (
        "from moderation import outbox\n"
        "from sqlalchemy.orm import configure_mappers\n"
        "from store.delivery import Delivery\n"
        "configure_mappers(); [key.column for key in Delivery.__table__.foreign_keys]\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
