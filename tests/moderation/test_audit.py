"""The log is one chain: what was changed, taken out, moved or put in is named; nothing forks it."""

import copy
import json
import math
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from moderation import audit, decisions
from store.database import Database
from store.hit import Hit
from tests.world import World, choice

AT = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
Export = list[dict[str, Any]]

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def _append(database: Database, action: str = "a.test", **details: object) -> None:
    with database.write() as session:
        audit.append(
            session, at=AT, actor="person:mona", action=action, subject="H-1", details=details
        )


def _export(database: Database) -> Export:
    """The log as it leaves the machine: through JSON text."""
    with database.read() as session:
        written = [json.dumps(line.fields()) for line in audit.lines(session)]
    return [json.loads(line) for line in written]


def _faults(lines: Sequence[dict[str, Any]]) -> list[tuple[int, str]]:
    return [(fault.id, fault.what) for fault in audit.verify(lines)]


@pytest.fixture
def export(tmp_path: Path, sqlite_template: bytes) -> Export:
    """Five lines. Checking an export asks no database, so one kind is enough."""
    file = tmp_path / "log.sqlite"
    file.write_bytes(sqlite_template)
    database = Database(f"sqlite:///{file}")
    for number in range(1, 6):
        _append(database, note=f"line {number}")
    lines = _export(database)
    database.close()
    return lines


def test_a_log_that_nobody_touched_holds(export: Export) -> None:
    assert [line["id"] for line in export] == [1, 2, 3, 4, 5]
    assert export[0]["previous_hash"] == "0" * 64
    assert _faults(export) == []
    assert _faults([]) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("at", "2026-03-01T12:00:00.123457Z"),
        ("actor", "person:milan"),
        ("action", "hit.decided"),
        ("subject", "H-2"),
        ("details", {"note": "line 3", "more": 1}),
        ("details", {}),
        ("planted", "a field more"),
        ("hash", "0" * 64),
    ],
)
def test_a_changed_line_is_named(export: Export, field: str, value: object) -> None:
    export[2][field] = value
    assert (3, "was changed after it was written") in _faults(export)


def test_a_changed_line_with_a_fitting_hash_breaks_the_next(export: Export) -> None:
    export[2]["actor"] = "person:milan"
    export[2]["hash"] = audit.digest(export[2])
    assert _faults(export) == [(4, "does not follow the line before it")]


def test_a_line_taken_out_is_named(export: Export) -> None:
    del export[2]
    assert _faults(export) == [
        (4, "line 3 is missing or out of place"),
        (4, "does not follow the line before it"),
    ]


def test_the_first_line_taken_out_is_named(export: Export) -> None:
    del export[0]
    assert _faults(export)[0] == (2, "line 1 is missing or out of place")


def test_lines_that_changed_places_are_named(export: Export) -> None:
    export[1], export[2] = export[2], export[1]
    named = {number for number, _ in _faults(export)}
    assert named == {2, 3, 4}


def test_a_line_put_in_is_named(export: Export) -> None:
    planted = copy.deepcopy(export[2]) | {"actor": "person:nobody", "id": 3}
    planted["previous_hash"] = export[1]["hash"]
    planted["hash"] = audit.digest(planted)
    export.insert(2, planted)
    assert _faults(export) == [
        (3, "line 4 is missing or out of place"),
        (3, "does not follow the line before it"),
    ]


@pytest.mark.parametrize("number", [None, "3", 3.0, True, [], {"a": 1}])
def test_a_line_without_a_sensible_number_is_named_and_ends_nothing(
    export: Export, number: object
) -> None:
    export[2]["id"] = number
    faults = _faults(export)
    assert (0, "line 3 is missing or out of place") in faults
    assert all(number == 0 for number, _ in faults), "the lines behind it hold"


@pytest.mark.parametrize("spoiled", [float("nan"), "\ud800", 10**400])
def test_what_no_honest_line_holds_is_named_and_ends_nothing(
    export: Export, spoiled: object
) -> None:
    export[2]["details"] = {"note": spoiled}
    assert _faults(export) == [(3, "was changed after it was written")]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(details=st.dictionaries(st.text(), JSON, max_size=4))
def test_what_is_verified_is_what_was_written(
    database: Database, details: dict[str, object]
) -> None:
    """Through the database and back: unicode, numbers of any size, nesting."""
    with database.write() as session:
        audit.append(session, at=AT, actor="test", action="a.test", subject="x", details=details)
    with database.read() as session:
        *_, line = audit.lines(session)
    assert line.details == json.loads(json.dumps(details))
    assert audit.digest(line.fields()) == line.hash


def test_keys_that_json_has_not_are_kept_as_it_has_them(database: Database) -> None:
    with database.write() as session:
        audit.append(
            session, at=AT, actor="t", action="a", subject="x", details={"by": {10: (1,), 9: 2}}
        )
    (line,) = _export(database)
    assert line["details"] == {"by": {"10": [1], "9": 2}}
    assert _faults([line]) == []


@pytest.mark.parametrize("value", [math.nan, math.inf, b"bytes", AT])
def test_what_json_has_not_is_refused_at_once(database: Database, value: object) -> None:
    with pytest.raises((TypeError, ValueError)), database.write() as session:
        audit.append(session, at=AT, actor="t", action="a", subject="x", details={"a": value})
    assert _export(database) == []


def test_times_are_written_in_utc_with_microseconds(database: Database) -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=13)))
    with database.write() as session:
        audit.append(session, at=elsewhere, actor="t", action="a", subject="x")
    (line,) = _export(database)
    assert line["at"] == "2026-03-01T12:00:00.123456Z"
    assert _faults([line]) == []


def test_a_transaction_that_fails_leaves_no_line(database: Database) -> None:
    with pytest.raises(RuntimeError, match="planted"), database.write() as session:
        audit.append(session, at=AT, actor="t", action="a", subject="x")
        raise RuntimeError("planted")
    _append(database)
    assert [line["id"] for line in _export(database)] == [1]


def test_lines_of_one_transaction_keep_their_order(database: Database) -> None:
    with database.write() as session:
        for action in ("a.first", "a.second", "a.third"):
            audit.append(session, at=AT, actor="t", action=action, subject="x")
    assert [line["action"] for line in _export(database)] == ["a.first", "a.second", "a.third"]


def test_many_writers_at_once_make_one_chain(database: Database) -> None:
    def write(number: int) -> None:
        for _ in range(5):
            _append(database, writer=number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    export = _export(database)
    assert len(export) == 30
    assert _faults(export) == []


def test_lines_can_be_filtered_and_paged(database: Database) -> None:
    for action in ("a.one", "a.two", "a.one"):
        _append(database, action)

    def ids(**asked: Any) -> list[int]:
        with database.read() as session:
            return [line.id for line in audit.lines(session, **asked)]

    assert ids(action="a.one") == [1, 3]
    assert ids(subject="H-1", newest_first=True) == [3, 2, 1]
    assert ids(subject="H-2") == []
    assert ids(after=1) == [2, 3]
    assert ids(before=3, newest_first=True, limit=1) == [2]


def test_whoever_has_logged_something_can_wait_for_others_who_log(world: World) -> None:
    """The pass has logged one hit and waits for the row of another; its holder decides it.

    With the end of the chain taken at the first line and not at the commit, each would wait for
    the other: PostgreSQL ends one of them with an error.
    """
    hit = world.hit()
    lease = world.claim(hit)
    person = world.people["mona"]
    locked = threading.Event()
    raised: list[Exception] = []

    def decide() -> None:
        try:
            with world.database.write() as session:
                session.get_one(Hit, hit, with_for_update=True)
                locked.set()
                time.sleep(0.3)  # until the pass waits for this row
                decisions.decide(
                    session, hit, lease.number, person, choice("confirm"), world.policy, world.now
                )
        except DBAPIError as error:
            raised.append(error)

    holder = threading.Thread(target=decide)
    holder.start()
    locked.wait()
    with world.database.write() as session:
        audit.append(session, at=world.now, actor="system:match", action="a.test", subject="x")
        session.flush()
        assert session.get_one(Hit, hit, with_for_update=True).state == "decided"
    holder.join()
    assert raised == []
    assert _faults(_export(world.database)) == []


# --- savepoints


def _log(session: Session, *actions: str) -> None:
    for action in actions:
        audit.append(session, at=AT, actor="t", action=action, subject="x")


def _actions(database: Database) -> list[str]:
    export = _export(database)
    assert _faults(export) == []
    return [line["action"] for line in export]


def test_what_is_rolled_back_to_a_savepoint_is_not_logged_and_what_was_before_is(
    database: Database,
) -> None:
    with database.write() as session:
        _log(session, "a.before")
        with pytest.raises(RuntimeError), session.begin_nested():
            _log(session, "a.undone", "a.undone")
            session.flush()
            raise RuntimeError("planted")
        with session.begin_nested():
            _log(session, "a.kept")
        _log(session, "a.after")
    assert _actions(database) == ["a.before", "a.kept", "a.after"]


def test_a_savepoint_that_stood_falls_with_the_one_around_it(database: Database) -> None:
    with database.write() as session:
        _log(session, "a.before")
        outer = session.begin_nested()
        _log(session, "a.outer")
        with session.begin_nested():
            _log(session, "a.inner")
        outer.rollback()
        _log(session, "a.after")
    assert _actions(database) == ["a.before", "a.after"]


def test_savepoints_that_stood_fall_with_the_transaction(database: Database) -> None:
    with pytest.raises(RuntimeError), database.write() as session:
        with session.begin_nested():
            _log(session, "a.kept")
        raise RuntimeError("planted")
    assert _actions(database) == []


def test_a_savepoint_that_the_database_refuses_is_not_logged(database: Database) -> None:
    """A flush within it fails: it is rolled back from below, not by the block that began it."""
    with database.write() as session:
        _log(session, "a.before")
        with pytest.raises(DBAPIError), session.begin_nested():
            _log(session, "a.undone")
            session.execute(text("INSERT INTO nothing_of_this_name VALUES (1)"))
        _log(session, "a.after")
    assert _actions(database) == ["a.before", "a.after"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    plan=st.recursive(
        st.integers(0, 2), lambda inner: st.lists(st.tuples(st.booleans(), inner), max_size=3)
    )
)
def test_of_any_nesting_the_log_has_what_stands_in_order(database: Database, plan: Any) -> None:
    """A number is so many lines; a list is savepoints, each kept or rolled back."""
    numbers = iter(range(1000))

    def play(session: Session, part: Any) -> list[str]:
        if isinstance(part, int):
            made = [f"a.{next(numbers)}" for _ in range(part)]
            _log(session, *made)
            return made
        stands: list[str] = []
        for kept, inner in part:
            savepoint = session.begin_nested()
            made = play(session, inner)
            if kept:
                savepoint.commit()
                stands += made
            else:
                savepoint.rollback()
        return stands

    before = len(_export(database))
    with database.write() as session:
        stands = play(session, plan)
    assert _actions(database)[before:] == stands
