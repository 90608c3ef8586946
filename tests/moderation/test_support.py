"""A match says something while its entry is listed with the fingerprint that matched."""

import threading

import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from moderation import support
from store.entry import Entry
from store.hit import Hit, Match
from tests.moderation.outcomes import list_one, post, withdraw
from tests.world import World, near, pdq, record


@pytest.fixture
def value() -> bytes:
    """What the entries of a test are near to."""
    return pdq()


def _supported(world: World, hit_id: int) -> bool:
    with world.database.read() as session:
        return support.is_supported(session, session.get_one(Hit, hit_id))


def _matches(world: World, hit_id: int) -> dict[str, bool]:
    """Of each entry behind a hit, whether its match still says something."""
    with world.database.read() as session:
        query = select(Match).where(Match.hit_id == hit_id).options(selectinload(Match.entry))
        return {
            one.entry.entry_id: support.still_says(session, one) for one in session.scalars(query)
        }


def test_while_it_is_listed(world: World, value: bytes) -> None:
    list_one(world, value)
    hit = post(world, value, 3)
    assert _supported(world, hit)
    world.list_entries(record(value, pdq(), entry_id="one"))
    assert _supported(world, hit), "with more on it"


@pytest.mark.parametrize("to", ["withdrawn", "changed"])
def test_not_once_it_is_gone_or_says_something_else(world: World, value: bytes, to: str) -> None:
    world.list_entries(record(value, entry_id="one"), record(near(value, 5), entry_id="two"))
    hit = post(world, value)
    if to == "withdrawn":
        withdraw(world, "one")
    else:
        world.list_entries(record(pdq(), entry_id="one"))
    assert _matches(world, hit) == {"one": False, "two": True}
    assert _supported(world, hit), "by the other"
    withdraw(world, "two")
    assert not _supported(world, hit)


def test_a_fingerprint_that_came_back_is_the_same_one(world: World, value: bytes) -> None:
    list_one(world, value)
    hit = post(world, value, 3)
    world.decide(hit, "remove")
    withdraw(world, "one")
    assert not _supported(world, hit)
    list_one(world, value)
    assert _supported(world, hit)


def test_a_copy_of_what_was_removed_asks_for_the_entry_only(world: World, value: bytes) -> None:
    list_one(world, near(value, 20))
    world.decide(post(world, value, 0, "first"), "remove")
    world.refresh_index()
    list_one(world, pdq())  # `one` says something else now
    copy = post(world, value, 0, "copy")
    assert _matches(world, copy) == {"one": True}
    withdraw(world, "one")
    assert not _supported(world, copy)


def test_what_is_kept_stays_listed_until_the_end(world: World, value: bytes) -> None:
    list_one(world, value)
    hit_id = post(world, value, 3)
    going = threading.Thread(target=withdraw, args=(world, "one"))
    with world.database.write() as session:
        assert support.keep(session, session.get_one(Hit, hit_id))
        going.start()
        going.join(0.2)
        assert going.is_alive(), "it waits"
    going.join(30)
    assert not _supported(world, hit_id)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_somebody_changes_right_now_counts_as_gone(world: World, value: bytes) -> None:
    """It is not waited for: whoever changes it may be waiting for the hit. On SQLite one writes at
    a time."""
    list_one(world, value)
    hit_id = post(world, value, 3)
    with world.database.write() as other, world.database.write() as session:
        other.scalars(select(Entry).with_for_update()).one()
        assert not support.keep(session, session.get_one(Hit, hit_id))
