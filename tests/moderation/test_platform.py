"""What the platform hears fits what it did last, however many hits an item has."""

import pytest

from exchange.records import MediaKind
from moderation import check
from moderation.content import Item
from tests.moderation.outcomes import (
    PLATFORM,
    hit_row,
    lines,
    list_one,
    newest_on,
    picture,
    post,
    reverse,
    rows,
    rule,
    said,
    take_back,
    to_say,
    unavailable,
    withdraw,
)
from tests.world import World, near, pdq, record


@pytest.fixture
def value() -> bytes:
    """What the entries of a test are near to."""
    return pdq()


def _second_hit(world: World, value: bytes, entry_id: str = "two") -> int:
    """Another entry of the same picture is listed: the item's second hit."""
    content_id = hit_row(world, 1).content_id
    list_one(world, value, entry_id)
    return newest_on(world, content_id)


# --- while a hit is open


@pytest.mark.parametrize(
    ("hold", "distance", "held"),
    [
        ("none", 0, []),
        ("exact", 0, ["hold"]),
        ("exact", 1, []),
        ("all", 31, ["hold"]),
    ],
)
def test_what_is_shown_is_held_as_near_as_the_policy_says(
    world: World, value: bytes, hold: str, distance: int, held: list[str]
) -> None:
    rule(world, "platform", hold=hold)
    list_one(world, value)
    post(world, value, distance)
    assert to_say(world) == held
    for row in rows(world):
        assert row.decision_id is None
        assert row.body == {"content_id": "post", "hit": "H-1", "decision": None}
        assert row.next_attempt_at == world.now, "harm runs"


def test_what_a_sweep_finds_is_held_and_more_evidence_holds_nothing_twice(
    world: World, value: bytes
) -> None:
    list_one(world, pdq())
    post(world, value)
    list_one(world, near(value, 9), "near")
    assert to_say(world) == []
    list_one(world, value, "exact")
    list_one(world, value, "again")
    assert to_say(world) == ["hold"]


def test_a_suspected_entry_holds_nothing(world: World, value: bytes) -> None:
    rule(world, "suspicion", matches_per_day=2)
    list_one(world, value)
    post(world, value, platform_id="first")
    post(world, value, platform_id="second")
    post(world, value, platform_id="third")
    assert [row.body["content_id"] for row in rows(world, PLATFORM)] == ["first"]


def test_at_upload_time_the_answer_says_it(world: World, value: bytes) -> None:
    list_one(world, value)
    item = Item("new", MediaKind.IMAGE, (picture(value),))
    check.check(world.database, world.directory, world.policy, [item], world.now)
    assert hit_row(world, 1).state == "open"
    assert rows(world) == []


# --- decisions


@pytest.mark.parametrize(
    ("verdict", "then"),
    [("remove", ["remove", "refuse-fingerprint"]), ("dispute", ["release"]), ("confirm", [])],
)
@pytest.mark.parametrize("arrived", [True, False])
def test_a_decision_ends_a_hold(
    world: World, value: bytes, verdict: str, then: list[str], arrived: bool
) -> None:
    list_one(world, value)
    hit = post(world, value)
    if arrived:
        world.deliver()
    world.decide(hit, verdict)
    assert said(world)[0] == ("hold", "delivered" if arrived else "cancelled")
    assert to_say(world) == then


def test_a_removal_refuses_the_fingerprint_too_and_names_its_decision(
    world: World, value: bytes
) -> None:
    list_one(world, value)
    decision = world.decide(post(world, value, 3), "remove")
    removal, refusal = rows(world, PLATFORM)
    assert removal.body == refusal.body
    assert removal.body == {"content_id": "post", "hit": "H-1", "decision": f"D-{decision.id}"}
    assert removal.idempotency_key != refusal.idempotency_key


@pytest.mark.parametrize("heard", [True, False])
def test_a_removal_whose_answer_was_lost_is_reversed_as_one_that_arrived(
    world: World, value: bytes, heard: bool
) -> None:
    """It may have arrived: to let go of what was removed would leave it down for good."""
    list_one(world, value)
    hit = post(world, value, 3)
    world.decide(hit, "remove", "lena")
    if heard:
        world.deliver(unavailable)
    reverse(world, hit, "dispute")
    assert to_say(world) == ["restore" if heard else "release"]


def test_a_removal_whose_answer_was_lost_is_said_again_when_it_is_decided_again(
    world: World, value: bytes
) -> None:
    """It may not have arrived, and it was cancelled: to take it for said would leave it up."""
    list_one(world, value)
    hit = post(world, value, 3)
    world.decide(hit, "remove", "lena")
    world.deliver(unavailable)
    reverse(world, hit, "confirm")
    reverse(world, hit, "remove")
    assert to_say(world) == ["remove", "refuse-fingerprint"]


def test_a_removal_whose_answer_was_lost_is_put_back_though_a_hold_after_it_was_lost_too(
    world: World, value: bytes
) -> None:
    """Of the two the removal may be what arrived: to let go of it would leave it down for good."""
    list_one(world, value)
    hit = post(world, value, 3)
    world.decide(hit, "remove")
    world.deliver(unavailable)
    take_back(world, hit)
    world.later(seconds=30)
    world.deliver(unavailable)
    world.decide(hit, "dispute")
    assert to_say(world) == ["restore"]


# --- several hits on one item


def test_a_second_removal_is_said_though_the_item_is_gone(world: World, value: bytes) -> None:
    list_one(world, near(value, 5))
    world.decide(post(world, value), "remove", "lena")
    second = _second_hit(world, value)
    world.decide(second, "remove")
    reverse(world, 1, "dispute")
    left = [row for row in rows(world, PLATFORM) if row.state == "waiting"]
    assert [(row.hit_id, row.action) for row in left] == [
        (second, "remove"),
        (second, "refuse-fingerprint"),
    ]


@pytest.mark.parametrize("verdict", ["remove", "confirm"])
def test_what_another_hit_keeps_does_not_come_back(
    world: World, value: bytes, verdict: str
) -> None:
    list_one(world, near(value, 5))
    world.decide(post(world, value), verdict)
    world.deliver()
    second = _second_hit(world, value)
    world.deliver()
    before = said(world)
    world.decide(second, "dispute")
    assert said(world) == before


def test_the_last_that_keeps_an_item_puts_it_back(world: World, value: bytes) -> None:
    list_one(world, near(value, 5))
    world.decide(post(world, value), "remove", "lena")
    world.deliver()
    second = _second_hit(world, value)
    world.decide(second, "remove", "lena")
    world.deliver()
    reverse(world, 1, "dispute")
    assert to_say(world) == []
    reverse(world, second, "dispute")
    assert to_say(world) == ["restore"]


def test_what_comes_back_while_another_hit_is_open_comes_back_held(
    world: World, value: bytes
) -> None:
    list_one(world, near(value, 5))
    world.decide(post(world, value), "remove", "lena")
    world.deliver()
    second = _second_hit(world, value)
    assert to_say(world) == [], "it is down already"
    reverse(world, 1, "dispute")
    assert to_say(world) == ["hold"]
    world.deliver()
    world.decide(second, "dispute")
    assert to_say(world) == ["restore"], "the removal's fingerprint is refused until then"


def test_another_picture_under_the_same_id_is_held_and_removed_anew(
    world: World, value: bytes
) -> None:
    """An avatar that was removed, and its successor."""
    other = pdq()
    world.list_entries(record(value, entry_id="one"), record(other, entry_id="two"))
    world.decide(post(world, value), "remove")
    world.deliver()
    second = post(world, other)
    assert to_say(world) == ["hold"]
    world.deliver()
    world.decide(second, "remove")
    assert to_say(world) == ["remove", "refuse-fingerprint"]
    world.deliver()
    reverse(world, second, "dispute")
    assert to_say(world) == ["restore"], "the first was another picture"


# --- undo


def test_an_undone_removal_that_arrived_is_held_and_one_that_did_not_never_was(
    world: World, value: bytes
) -> None:
    list_one(world, value)
    hit = post(world, value, 3)
    world.decide(hit, "remove")
    take_back(world, hit)
    assert said(world) == [("remove", "cancelled"), ("refuse-fingerprint", "cancelled")]
    world.decide(hit, "remove")
    world.deliver()
    take_back(world, hit)
    assert to_say(world) == ["hold"]
    world.decide(hit, "dispute")
    assert to_say(world) == ["restore"], "the hold never left"


@pytest.mark.parametrize("verdict", ["remove", "dispute", "confirm"])
@pytest.mark.parametrize("arrived", [True, False])
def test_after_an_undo_the_item_is_held_as_the_policy_says(
    world: World, value: bytes, verdict: str, arrived: bool
) -> None:
    list_one(world, value)
    hit = post(world, value)
    world.decide(hit, verdict)
    if arrived:
        world.deliver()
    take_back(world, hit)
    world.deliver()
    heard = [action for action, state in said(world) if state == "delivered"]
    assert [action for action in heard if action != "refuse-fingerprint"][-1] == "hold"


def test_what_was_removed_undone_and_then_disputed_is_restored(world: World, value: bytes) -> None:
    """It is only held by then; but its fingerprint is refused until somebody says otherwise."""
    list_one(world, value)
    hit = post(world, value)
    world.decide(hit, "remove")
    world.deliver()
    take_back(world, hit)
    world.deliver()
    world.decide(hit, "confirm")
    take_back(world, hit)
    assert to_say(world) == [], "it is held"
    world.decide(hit, "dispute")
    assert to_say(world) == ["restore"]
    world.deliver()
    reverse(world, hit, "confirm", "mona")
    reverse(world, hit, "dispute", "mona")
    assert to_say(world) == ["release"]


def test_an_undo_leaves_what_another_hit_removed(world: World, value: bytes) -> None:
    list_one(world, near(value, 5))
    world.decide(post(world, value), "remove")
    second = _second_hit(world, value)
    world.decide(second, "remove")
    world.deliver()
    take_back(world, second)
    assert to_say(world) == []


# --- withdrawals


@pytest.mark.parametrize("distance", [0, 3])
def test_what_nothing_supports_any_more_is_let_go(
    world: World, value: bytes, distance: int
) -> None:
    """Also where no message held it: at upload time the answer did."""
    list_one(world, value)
    post(world, value, distance)
    world.deliver()
    withdraw(world, "one")
    assert to_say(world) == ["release"]
    (line,) = lines(world, "hit.withdrawn")
    assert line.details["deliveries"] == [rows(world)[-1].idempotency_key]


def test_a_removal_that_was_undone_does_not_outlive_its_entry(world: World, value: bytes) -> None:
    list_one(world, value)
    hit = post(world, value)
    world.decide(hit, "remove")
    world.deliver()
    take_back(world, hit)
    withdraw(world, "one")
    assert said(world)[-2:] == [("hold", "cancelled"), ("restore", "waiting")]


def test_a_withdrawal_leaves_what_another_hit_removed(world: World, value: bytes) -> None:
    list_one(world, near(value, 5))
    world.decide(post(world, value), "remove")
    world.deliver()
    second = _second_hit(world, value)
    withdraw(world, "two")
    assert hit_row(world, second).state == "withdrawn"
    assert to_say(world) == []
