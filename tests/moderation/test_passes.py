"""Content is matched whole: in the end always, in effect once, against every version there is."""

import threading

import pytest
from sqlalchemy import func, select

from exchange.records import EntryRecord
from matching.fingerprint import Algorithm, Fingerprint
from matching.index import Index, IndexDirectory
from moderation import index, passes, sync
from moderation.content import Print
from moderation.passes import Passed
from store.content import Content
from store.database import Database
from store.hit import Hit, Match
from store.source import Source
from tests.world import World, near, pdq, record


def _print(value: bytes) -> Print:
    return Print(Fingerprint(Algorithm.PDQ, value), 90)


def _whole(world: World, content_ids: list[int]) -> Passed:
    return passes.match_whole(world.database, world.directory, world.policy, content_ids, world.now)


def _pending(world: World) -> list[int]:
    return passes.pending_content(world.database, 100)


def _count(world: World, table: type) -> int:
    with world.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_before_the_first_list_content_waits(world: World) -> None:
    content_id = world.take(_print(pdq()))
    assert _whole(world, [content_id]) == Passed(0, ())
    assert _pending(world) == [content_id]


def test_what_nobody_was_woken_for_is_found_oldest_first(world: World) -> None:
    value = pdq()
    world.list_entries(record(value))
    ids = [world.take(_print(near(value, number))) for number in range(3)]
    assert passes.pending_content(world.database, 2) == ids[:2]
    passed = _whole(world, _pending(world))
    assert (passed.contents, len(passed.hits)) == (3, 3)
    assert _pending(world) == []


def test_a_second_pass_does_nothing(world: World) -> None:
    value = pdq()
    world.list_entries(record(value))
    ids = [world.take(_print(value))]
    _whole(world, ids)
    assert _whole(world, ids) == Passed(0, ())
    assert (_count(world, Hit), _count(world, Match)) == (1, 1)


def test_ids_of_nothing_are_passed_over(world: World) -> None:
    world.list_entries(record(pdq()))
    assert _whole(world, [404]) == Passed(0, ())
    assert _whole(world, []) == Passed(0, ())


def test_many_hands_at_the_same_content_double_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passes, "CHUNK", 3)
    values = [pdq() for _ in range(10)]
    world.list_entries(*(record(value) for value in values))
    ids = [world.take(_print(near(value, 4))) for value in values]
    passed: list[Passed] = []
    hands = [threading.Thread(target=lambda: passed.append(_whole(world, ids))) for _ in range(3)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert len(passed) == 3
    assert sum(one.contents for one in passed) == 10
    assert (_count(world, Hit), _count(world, Match)) == (10, 10)


def test_a_pass_that_dies_loses_its_own_chunk_only(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passes, "CHUNK", 1)
    value = pdq()
    world.list_entries(record(value))
    ids = [world.take(_print(near(value, number))) for number in range(3)]
    real = passes.match_and_record

    def dies_at_the_second(*arguments: object, **named: object) -> tuple[int, ...]:
        touched = real(*arguments, **named)  # type: ignore[arg-type]
        if _count(world, Hit) == 1:
            raise KeyboardInterrupt
        return touched

    monkeypatch.setattr(passes, "match_and_record", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        _whole(world, ids)
    monkeypatch.undo()
    assert _pending(world) == ids[1:]
    _whole(world, _pending(world))
    assert (_count(world, Hit), _count(world, Match)) == (3, 3)


def _list(world: World, *records: EntryRecord) -> None:
    with world.database.write() as session:
        source = session.scalars(select(Source)).one()
        sync.apply_entries(session, source, records, world.policy, world.now)


def test_a_version_that_comes_in_between_is_not_missed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is numbered, and swept to the end, after a pass has opened the index of the one before.

    The sweep leaves out what is pending; were it then marked as matched with the older version,
    nothing would ever hold it against the newer one.
    """
    value = pdq()
    world.list_entries(record(pdq()))
    content_id = world.take(_print(value))
    real = index.ensure_current
    asked = 0

    def slow(database: Database, directory: IndexDirectory) -> Index | None:
        nonlocal asked
        asked += 1
        older = real(database, directory)
        if asked == 1:
            world.list_entries(record(value))
        return older

    monkeypatch.setattr(passes, "ensure_current", slow)
    assert len(_whole(world, [content_id]).hits) == 1
    with world.database.read() as session:
        assert session.get_one(Content, content_id).matched_version == 2


def test_no_version_is_numbered_while_a_pass_is_under_way(world: World) -> None:
    """The other half: the sweep begins after the pass has ended, and takes its content in."""
    value = pdq()
    world.list_entries(record(pdq()))
    content_id = world.take(_print(value))
    _list(world, record(value))
    numbering = threading.Thread(target=world.refresh_index)
    with world.database.write() as session:
        assert index.hold_version(session) == 1
        numbering.start()
        numbering.join(0.3)
        assert numbering.is_alive(), "it waits"
        session.get_one(Content, content_id).matched_version = 1
    numbering.join()
    with world.database.read() as session:
        assert session.scalars(select(Hit.content_id)).all() == [content_id]


def test_a_pass_and_a_removal_do_not_wait_for_each_other(world: World) -> None:
    """The pass holds the content and goes on to the hit, the removal holds the hit and goes on to
    refuse the content's fingerprints."""
    value = pdq()
    world.list_entries(record(near(value, 5)))
    content_id = world.post(_print(value))
    _list(world, record(value))
    found = world.number_version()
    assert world.people["mona"].login
    failed: list[Exception] = []

    def remove() -> None:
        try:
            world.decide(1, "remove")
        except Exception as error:  # noqa: BLE001 - told by the test
            failed.append(error)

    removing = threading.Thread(target=remove)
    with world.database.write() as session:
        contents = passes.locked_content(session, Content.id == content_id)
        removing.start()
        removing.join(0.5)
        passes.match_and_record(session, contents, found, world.policy, world.now)
    removing.join(30)
    assert failed == []
    with world.database.read() as session:
        assert "remove" in session.scalars(select(Hit.verdict)).all()
