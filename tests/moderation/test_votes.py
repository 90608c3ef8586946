"""What a registry hears: once that there was a match, and then what became of it."""

from dataclasses import replace

import pytest

from exchange.records import Told
from matching.fingerprint import Algorithm, Fingerprint
from moderation.content import Print
from tests.moderation.outcomes import (
    list_one,
    picture,
    post,
    refused,
    rows,
    said,
    take_back,
    to_say,
    unavailable,
)
from tests.world import World, near, pdq, record

HASHES = "registry:Hashes"
BOTH = frozenset({Told.MATCH, Told.OUTCOME})


@pytest.fixture
def value(world: World) -> bytes:
    """What a registry that takes both lists as its entry `one`."""
    world.source("Hashes", BOTH)
    listed = pdq()
    list_one(world, listed, source="Hashes")
    return listed


def test_a_registry_that_asks_for_it_hears_of_a_match_at_once(world: World, value: bytes) -> None:
    hit = post(world, value, 4)
    (row,) = rows(world)
    assert (row.destination, row.action, row.decision_id, row.hit_id) == (
        HASHES,
        "match",
        None,
        hit,
    )
    assert row.next_attempt_at == world.now
    assert row.body["vote"] is None
    assert (row.body["member_id"], row.body["entry_id"]) == ("1", "one")
    assert (row.body["algorithm"], row.body["reason_ids"], row.body["tags"]) == ("pdq", [], [])


@pytest.mark.parametrize("told", [frozenset({Told.OUTCOME}), frozenset[Told]()])
def test_one_that_does_not_ask_hears_nothing_of_it(world: World, told: frozenset[Told]) -> None:
    listed = pdq()
    world.source("Quiet", told)
    list_one(world, listed, source="Quiet")
    hit = post(world, listed, 4)
    assert rows(world) == []
    world.decide(hit, "dispute")
    assert to_say(world, "registry:Quiet") == (["negative"] if told else [])


def test_a_registry_that_only_asks_for_matches_hears_no_outcome(world: World) -> None:
    listed = pdq()
    world.source("Curious", frozenset({Told.MATCH}))
    list_one(world, listed, source="Curious")
    world.decide(post(world, listed, 4), "remove")
    assert said(world, "registry:Curious") == [("match", "cancelled")]


def test_more_copies_of_an_entry_say_nothing_new(world: World, value: bytes) -> None:
    post(world, value, 4, "first")
    post(world, value, 4, "second")
    assert said(world, HASHES) == [("match", "waiting")]


@pytest.mark.parametrize("arrived", [True, False])
def test_what_was_decided_of_one_copy_is_not_taken_back_by_another(
    world: World, value: bytes, arrived: bool
) -> None:
    world.decide(post(world, value, 4, "first"), "remove")
    if arrived:
        world.later(minutes=10)
        world.deliver()
    post(world, value, 4, "second")
    actions = [action for action, state in said(world, HASHES) if state != "cancelled"]
    assert actions == ["affirmative"]


def test_the_outcome_follows_the_match_and_says_what_became_of_it(
    world: World, value: bytes
) -> None:
    hit = post(world, value, 4)
    world.deliver()
    world.decide(hit, "dispute")
    assert said(world, HASHES) == [("match", "delivered"), ("negative", "waiting")]
    assert rows(world, HASHES)[1].body["tags"] == ["disputed"]


def test_undone_before_anybody_heard_of_it_the_match_is_told(world: World, value: bytes) -> None:
    hit = post(world, value, 4)
    world.decide(hit, "dispute")
    assert to_say(world, HASHES) == ["negative"]
    take_back(world, hit)
    assert to_say(world, HASHES) == ["match"]
    world.deliver()
    world.decide(hit, "confirm")
    take_back(world, hit)
    assert to_say(world, HASHES) == [], "that there is a match it knows"


def test_a_match_that_was_given_up_stays_to_be_seen(world: World, value: bytes) -> None:
    post(world, value, 4, "first")
    world.deliver(refused)
    post(world, value, 4, "second")
    assert said(world, HASHES) == [("match", "given-up")]


def test_each_algorithm_has_its_own_word(world: World, value: bytes) -> None:
    md5 = Fingerprint(Algorithm.MD5, b"m" * 16)
    both = replace(record(value, entry_id="one"), fingerprints=(picture(value).fingerprint, md5))
    world.list_entries(both, source="Hashes")
    world.post(picture(near(value, 4)), Print(md5))
    told = {(row.body["algorithm"], row.subject) for row in rows(world, HASHES)}
    assert {algorithm for algorithm, _ in told} == {"pdq", "md5"}
    assert len({subject for _, subject in told}) == 2


def test_nothing_is_said_of_an_entry_that_changed_or_is_gone(world: World, value: bytes) -> None:
    list_one(world, near(value, 8), "other")
    hit = post(world, value)
    world.deliver()
    world.list_entries(record(pdq(), entry_id="one"), source="Hashes")
    world.decide(hit, "confirm")
    assert said(world, HASHES) == [("match", "delivered")]
    assert to_say(world, "registry:Take It Down") == ["affirmative"]


def test_an_open_match_of_a_withdrawn_entry_is_not_told_any_more(
    world: World, value: bytes
) -> None:
    post(world, value, 4)
    world.deliver(unavailable)
    world.list_entries(record(entry_id="one", withdrawn=True), source="Hashes")
    assert said(world, HASHES) == [("match", "cancelled")]


def test_a_copy_of_what_was_removed_here_is_no_match_to_the_registry(
    world: World, value: bytes
) -> None:
    """It may be further from the entry than the registry's members agreed on."""
    removed = near(value, 20)
    world.decide(post(world, removed, 0, "first"), "remove")
    world.later(minutes=10)
    world.deliver()
    world.refresh_index()
    copy = bytes(a ^ b for a, b in zip(removed, _far_side(removed, value), strict=True))
    hit = post(world, copy, 0, "copy")
    assert hit
    before = said(world, HASHES)
    world.decide(hit, "remove")
    assert said(world, HASHES) == before


def _far_side(removed: bytes, value: bytes) -> bytes:
    """Which bits to turn so that the copy is 20 bits from the removed and 40 from the entry."""
    differ = int.from_bytes(removed, "big") ^ int.from_bytes(value, "big")
    same = [bit for bit in range(256) if not differ >> bit & 1][:20]
    return sum(1 << bit for bit in same).to_bytes(32, "big")
