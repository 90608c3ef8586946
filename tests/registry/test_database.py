"""Making the tables at once, and stamps in the order of commits."""

import multiprocessing
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from exchange.records import MediaKind
from matching.fingerprint import Algorithm
from registry import database as database_module
from registry.database import Database, TooSlow
from registry.entries import add_entry
from registry.tables import Clock, Entry, Member
from registry.window import Window, read_page
from tests.registry.conftest import parts
from tests.registry.lists import Reader, error_of, fill, made_up

DISTANCE = timedelta(seconds=1)
"""What the reading member keeps from the present; a change is given half of it."""
EARLIER = datetime(2026, 1, 1, tzinfo=UTC)


def _create(url: str, gate: object) -> None:
    gate.wait()  # type: ignore[attr-defined]
    Database(url).create()


def test_several_processes_may_make_the_tables_at_once(registry_database_url: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    gate = spawn.Barrier(4)
    started = [spawn.Process(target=_create, args=(registry_database_url, gate)) for _ in range(4)]
    for process in started:
        process.start()
    for process in started:
        process.join(60)
    assert [process.exitcode for process in started] == [0] * 4
    with Database(registry_database_url).reading() as session:
        assert session.scalars(select(func.count()).select_from(Clock)).one() == 1


def _missed(database: Database, *, behind: timedelta = timedelta(0)) -> int:
    """How many entries a member never sees who reads up to a moment ago, again and again, while
    others submit. `behind` plants a fault: entries stamped in the past."""
    stop = threading.Event()
    written: list[str] = []

    def write() -> None:
        while not stop.is_set():
            with suppress(TooSlow):
                with database.writing() as (session, stamp):
                    entry = add_entry(
                        session,
                        stamp - behind,
                        member_id=43,
                        kind=MediaKind.VIDEO,
                        fingerprints=[made_up(Algorithm.MD5, 1)],
                    )
                    time.sleep(0.01)  # between the stamp and the commit
                written.append(entry.entry_id)
            time.sleep(0.01)

    writers = [threading.Thread(target=write) for _ in range(3)]
    seen: list[str] = []
    after = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)

    def read() -> None:
        nonlocal after
        until = (datetime.now(UTC) - DISTANCE).replace(microsecond=0)
        if until > after:
            with database.reading() as session:
                page, _ = read_page(session, Window(after, until), 10_000)
                seen.extend(entry.entry_id for entry in page)
            after = until

    for writer in writers:
        writer.start()
    end = time.monotonic() + 3
    while time.monotonic() < end:
        read()
        time.sleep(0.05)
    stop.set()
    for writer in writers:
        writer.join()
    time.sleep(2.1)
    read()
    assert len(seen) == len(set(seen))
    return len(set(written) - set(seen))


@pytest.fixture
def database(registry_database_url: str) -> Database:
    made = Database(registry_database_url)
    made.create()
    with made.writing() as (session, _):
        session.add(Member(id=43, name="Peer"))
    return made


def test_a_member_who_reads_up_to_a_moment_ago_misses_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "MOST_SECONDS", DISTANCE.total_seconds() / 2)
    assert _missed(database) == 0


def test_the_search_for_missed_entries_finds_them(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    database.create()
    with database.writing() as (session, _):
        session.add(Member(id=43, name="Peer"))
    assert _missed(database, behind=2 * DISTANCE) > 0


def test_stamps_do_not_run_backwards_with_the_machines_clock(database: Database) -> None:
    with database.writing() as (_, first):
        pass
    with (
        time_machine.travel(datetime.now(UTC) - timedelta(hours=3)),
        database.writing() as (_, second),
    ):
        pass
    assert second >= first


def test_a_change_that_took_too_long_is_not_kept(
    registry: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    (entry_id,) = fill(registry, [EARLIER])
    monkeypatch.setattr(database_module, "MOST_SECONDS", -1.0)
    with pytest.raises(TooSlow):
        fill(registry, [EARLIER])
    response = Reader(registry).vote(43, entry_id, "PDQ", "<affirmative/>")
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "nothing was kept" in error_of(response)
    with parts(registry).database.reading() as session:
        (entry,) = session.scalars(select(Entry)).all()
        assert entry.timestamp == EARLIER


def test_a_failed_change_leaves_nothing(database: Database) -> None:
    class Failure(Exception):
        pass

    def change() -> None:
        with database.writing() as (session, _):
            session.add(Member(id=44, name="Nobody"))
            session.flush()
            raise Failure

    with pytest.raises(Failure):
        change()
    with database.reading() as session:
        assert session.get(Member, 44) is None


def test_the_file_is_for_its_owner_only(sqlite_url: str) -> None:
    Database(sqlite_url).create()
    assert Path(sqlite_url.removeprefix("sqlite:///")).stat().st_mode & 0o077 == 0
