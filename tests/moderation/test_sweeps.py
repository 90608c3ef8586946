"""What is held is matched against what is new on the list: whole, once, by any number of hands."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from matching.fingerprint import Algorithm, Fingerprint
from moderation import index, sweeps, sync
from moderation.content import Print
from store.content import Sweep, SweepChunk
from store.hit import Hit, Match
from store.source import Source
from tests.world import World, near, pdq, record


def _held(world: World, count: int) -> list[bytes]:
    """Content that was matched against a list that does not know it yet."""
    world.list_entries(record(pdq()))
    values = [pdq() for _ in range(count)]
    for value in values:
        world.post(Print(Fingerprint(Algorithm.PDQ, value), 90))
    return values


def _new_on_the_list(world: World, values: list[bytes]) -> list[int]:
    with world.database.write() as session:
        source = session.scalars(select(Source)).one()
        records = [record(near(value, 20)) for value in values]
        sync.apply_entries(session, source, records, world.policy, world.now)
        index.new_version(session, world.now)
    return sweeps.open_sweeps(world.database)


def _sweep(world: World, sweep_id: int) -> None:
    while sweeps.sweep_next(world.database, world.directory, world.policy, sweep_id, world.now):
        pass


def _count(world: World, table: type) -> int:
    with world.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_content_from_before_the_entry_is_found(world: World) -> None:
    values = _held(world, 6)
    (sweep_id,) = _new_on_the_list(world, values[:3])
    _sweep(world, sweep_id)
    assert (_count(world, Hit), _count(world, Match)) == (3, 3)
    assert sweeps.open_sweeps(world.database) == []


def test_a_chunk_whose_worker_died_is_taken_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeps, "CHUNK", 2)
    values = _held(world, 6)
    (sweep_id,) = _new_on_the_list(world, values)
    real = sweeps._search

    def dies(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sweeps, "_search", dies)
    with pytest.raises(KeyboardInterrupt):
        _sweep(world, sweep_id)
    monkeypatch.setattr(sweeps, "_search", real)
    _sweep(world, sweep_id)
    assert _count(world, Hit) < 6, "the dead worker's chunk is still under its lease"
    world.now += sweeps.LEASE + timedelta(seconds=1)
    _sweep(world, sweep_id)
    assert _count(world, Hit) == 6
    assert sweeps.open_sweeps(world.database) == []


def test_workers_share_a_sweep_and_nothing_is_doubled(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeps, "CHUNK", 2)
    values = _held(world, 12)
    (sweep_id,) = _new_on_the_list(world, values)
    hands = [threading.Thread(target=_sweep, args=(world, sweep_id)) for _ in range(4)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert (_count(world, Hit), _count(world, Match)) == (12, 12)
    with world.database.read() as session:
        assert session.scalar(select(func.sum(SweepChunk.contents))) == 12
        assert session.scalars(select(Sweep.finished_at)).all()[-1] is not None


def test_what_was_matched_whole_against_the_version_is_passed_over(world: World) -> None:
    values = _held(world, 2)
    (sweep_id,) = _new_on_the_list(world, values[:1])
    world.post(Print(Fingerprint(Algorithm.PDQ, near(values[0], 3)), 90))
    _sweep(world, sweep_id)
    with world.database.read() as session:
        assert session.scalar(select(func.sum(SweepChunk.contents))) == 2


def test_progress_is_told_and_the_files_are_tidied(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeps, "CHUNK", 2)
    values = _held(world, 6)
    (sweep_id,) = _new_on_the_list(world, values)
    sweeps.sweep_next(world.database, world.directory, world.policy, sweep_id, world.now)
    with world.database.read() as session:
        (progress,) = sweeps.progress(session, sweeps.unfinished(session))
    assert (progress.chunks, progress.done, progress.contents) == (3, 1, 2)
    assert list(world.directory.path.glob("sweep-*"))
    _sweep(world, sweep_id)
    sweeps.tidy(world.database, world.directory)
    assert not list(world.directory.path.glob("sweep-*"))


def test_a_sweep_can_be_done_again_and_doubles_nothing(world: World) -> None:
    values = _held(world, 3)
    (sweep_id,) = _new_on_the_list(world, values)
    _sweep(world, sweep_id)
    with world.database.write() as session:
        sweeps.again(session, 0)
    for each in sweeps.open_sweeps(world.database):
        _sweep(world, each)
    assert (_count(world, Hit), _count(world, Match)) == (3, 3)
