"""Versions of the list are numbered when it changed; every host comes to the newest by itself."""

import random
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from exchange.records import EntryRecord
from matching.fingerprint import Algorithm
from matching.index import Index, IndexDirectory
from moderation import index, sync
from store.content import Sweep
from store.entry import EntryFingerprint, IndexVersion
from store.source import Source
from tests.world import World, pdq, record


def _list(world: World, *records: EntryRecord, source_id: int = 1) -> None:
    """The registry lists this; nothing follows it."""
    with world.database.write() as session:
        source = session.get_one(Source, source_id)
        sync.apply_entries(session, source, records, world.policy, world.now)


def _number(world: World) -> int | None:
    with world.database.write() as session:
        return index.new_version(session, world.now)


def _keys(built: Index | None, values: list[bytes]) -> set[int]:
    """The keys under which an index finds exactly these values."""
    assert built is not None
    if not values:
        return set()
    batch = np.frombuffer(b"".join(values), np.uint8).reshape(len(values), 32)
    return set(built.near(batch, 0).key.tolist())


def _listed_keys(world: World) -> set[int]:
    with world.database.read() as session:
        query = select(EntryFingerprint.id).where(EntryFingerprint.retired.is_(False))
        return set(session.scalars(query))


def test_a_version_is_numbered_when_the_list_changed_and_not_otherwise(world: World) -> None:
    assert _number(world) is None
    _list(world, record(pdq(), pdq(), entry_id="one"), record(pdq()))
    assert _number(world) == 1
    assert _number(world) is None
    _list(world, record(entry_id="one", withdrawn=True))
    assert _number(world) == 2
    assert _number(world) is None
    with world.database.read() as session:
        versions = session.scalars(select(IndexVersion).order_by(IndexVersion.id))
        assert [(one.added, one.removed) for one in versions] == [(3, 0), (0, 2)]


def test_what_came_and_went_between_two_versions_makes_none(world: World) -> None:
    _list(world, record(pdq(), entry_id="one"))
    _list(world, record(entry_id="one", withdrawn=True))
    assert _number(world) is None


def test_what_is_new_asks_for_a_sweep_and_what_went_does_not(world: World) -> None:
    _list(world, record(pdq(), entry_id="one"))
    _number(world)
    _list(world, record(entry_id="one", withdrawn=True))
    _number(world)
    with world.database.read() as session:
        assert list(session.scalars(select(Sweep.index_version))) == [1]


def test_numbers_of_many_at_once_are_one(world: World) -> None:
    _list(world, record(pdq()))
    threads = [threading.Thread(target=_number, args=(world,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with world.database.read() as session:
        assert list(session.scalars(select(IndexVersion.added))) == [1]


def test_before_the_first_list_there_is_no_index(world: World) -> None:
    assert index.ensure_current(world.database, world.directory) is None
    assert index.rebuild(world.database, world.directory) is None


def test_a_host_amends_what_it_has_and_builds_anew_what_is_too_much(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _list(world, record(pdq()))
    first = world.number_version()
    assert first.amended == 0
    _list(world, record(pdq()))
    amended = world.number_version()
    assert (amended.version, amended.amended) == (2, 1)
    monkeypatch.setattr(index, "AMEND_AT_MOST", 1)
    _list(world, record(pdq()), record(pdq()))
    built = world.number_version()
    assert (built.version, built.amended, built.count) == (3, 0, 4)


def test_folding_leaves_one_whole_snapshot_of_the_same_list(world: World) -> None:
    values = [pdq() for _ in range(3)]
    for value in values:
        _list(world, record(value))
        world.number_version()
    folded = index.rebuild(world.database, world.directory)
    assert folded is not None
    assert (folded.version, folded.amended) == (3, 0)
    assert _keys(folded, values) == _listed_keys(world)


def test_a_snapshot_that_cannot_be_read_is_built_anew(world: World) -> None:
    value = pdq()
    _list(world, record(value))
    world.number_version()
    for file in world.directory.path.glob("*.snapshot"):
        file.write_bytes(b"not a snapshot")
    damaged = IndexDirectory(world.directory.path)
    with world.database.read() as session:
        assert index.standing(session, damaged).stale
    assert _keys(index.ensure_current(world.database, damaged), [value]) == {1}


def test_how_this_host_stands(world: World, tmp_path: Path) -> None:
    def standing() -> index.Standing:
        with world.database.read() as session:
            return index.standing(session, world.directory)

    assert (standing().latest, standing().built, standing().stale) == (0, None, False)
    _list(world, record(pdq()))
    assert standing().waiting == 1
    world.number_version()
    now = standing()
    assert (now.latest, now.built, now.count, now.waiting, now.stale) == (1, 1, 1, 0, False)
    assert now.built_at is not None
    world.directory = IndexDirectory(tmp_path / "another host")
    assert (standing().built, standing().stale) == (None, True)


def test_hands_that_build_at_once_do_it_once(world: World) -> None:
    values = [pdq() for _ in range(5)]
    _list(world, *(record(value) for value in values))
    _number(world)
    built: list[Index | None] = []

    def build() -> None:
        built.append(index.ensure_current(world.database, IndexDirectory(world.directory.path)))

    threads = [threading.Thread(target=build) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 4
    assert all(_keys(one, values) == _listed_keys(world) for one in built)


STEPS = st.lists(
    st.sampled_from(["list", "list again", "withdraw", "number", "here", "there", "fold"]),
    min_size=4,
    max_size=16,
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS, seed=st.integers(0, 99))
def test_whichever_versions_a_host_missed_it_ends_with_the_list(
    world: World, tmp_path: Path, steps: list[str], seed: int
) -> None:
    dice = random.Random(seed)
    hosts = [IndexDirectory(tmp_path / f"{name} {dice.random()}") for name in ("here", "there")]
    values = [pdq()]
    _list(world, record(values[0], entry_id="0"))
    for step in steps:
        number = dice.randrange(len(values))
        if step == "list":
            values.append(pdq())
            _list(world, record(values[-1], entry_id=str(len(values))))
        elif step == "list again":
            _list(world, record(values[number], entry_id=str(number)))
        elif step == "withdraw":
            _list(world, record(entry_id=str(number), withdrawn=True))
        elif step == "number":
            _number(world)
        elif step == "fold":
            index.rebuild(world.database, hosts[0])
        else:
            index.ensure_current(world.database, hosts[step == "there"])
    _number(world)
    for host in hosts:
        built = index.ensure_current(world.database, host)
        assert _keys(built, values) == _listed_keys(world) & _of(world, values)


def _of(world: World, values: list[bytes]) -> set[int]:
    with world.database.read() as session:
        query = select(EntryFingerprint.id).where(EntryFingerprint.value.in_(values))
        return set(session.scalars(query.where(EntryFingerprint.algorithm == Algorithm.PDQ)))
