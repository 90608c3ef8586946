"""Deliveries as people see them: each stage by its name, what was said in words, no value ever."""

import pytest

from exchange.records import Receipt, Told
from moderation import delivery_list, outbox
from moderation.delivery_list import DeliveryFacts, Stage
from tests.moderation.outcomes import (
    PLATFORM,
    REGISTRY,
    list_one,
    post,
    refused,
    rows,
    take_back,
    unavailable,
)
from tests.world import DISPUTE_REASON, World, pdq


def _page(
    world: World,
    stage: Stage | None = None,
    destination: str | None = None,
    cursor: str | None = None,
    size: int = 50,
) -> tuple[list[DeliveryFacts], str | None]:
    with world.database.read() as session:
        page = delivery_list.rows(
            session,
            stage=stage,
            destination=destination,
            cursor=cursor,
            size=size,
            now=world.now,
        )
    return list(page.rows), page.next_cursor


def _stages(world: World) -> dict[str, Stage]:
    return {one.action: one.stage for one in _page(world)[0]}


def _said(world: World, action: str) -> dict[str, str]:
    (row,) = [row for row in rows(world) if row.action == action]
    with world.database.read() as session:
        found = delivery_list.one(session, row.id, world.now)
    assert found is not None
    return dict(found[1])


def test_a_delivery_goes_through_its_stages(world: World) -> None:
    hit = world.hit(distance=3)
    world.decide(hit, "confirm")
    assert _stages(world) == {"affirmative": Stage.HELD}
    world.later(minutes=10)
    assert _stages(world) == {"affirmative": Stage.DUE}
    world.deliver(unavailable)
    assert _stages(world) == {"affirmative": Stage.FAILED}
    world.later(hours=1)
    assert _stages(world) == {"affirmative": Stage.DUE}
    world.deliver(refused)
    assert _stages(world) == {"affirmative": Stage.GIVEN_UP}
    with world.database.write() as session:
        assert delivery_list.given_up(session).number == 1
        outbox.retry(session, 1, "person:lena", world.now)
    assert _stages(world) == {"affirmative": Stage.DUE}

    def looks(_order: outbox.Order) -> Receipt:
        assert _stages(world) == {"affirmative": Stage.SENDING}
        return Receipt(200, "taken")

    world.deliver(looks)
    (facts,), _ = _page(world)
    assert (facts.stage, facts.answer_status, facts.answer) == (Stage.DELIVERED, 200, "taken")
    assert (facts.hit, facts.decision, facts.destination) == ("H-1", "D-1", REGISTRY)


def test_what_was_taken_back_shows_as_cancelled(world: World) -> None:
    hit = world.hit(distance=3)
    world.decide(hit, "confirm")
    take_back(world, hit)
    assert _stages(world) == {"affirmative": Stage.CANCELLED}


def test_every_stage_is_a_filter_and_a_count_and_they_agree(world: World) -> None:
    for verdict in ("confirm", "remove", "dispute"):
        world.decide(world.hit(), verdict)
    world.deliver(refused)
    world.decide(world.hit(), "remove")
    with world.database.read() as session:
        counts = delivery_list.counts(session, world.now)
    listed = {stage: _page(world, stage)[0] for stage in Stage}
    assert {stage: len(found) for stage, found in listed.items()} == {
        stage: count.number for stage, count in counts.items()
    }
    assert all(one.stage is stage for stage, found in listed.items() for one in found)
    assert sum(len(found) for found in listed.values()) == len(rows(world))


def test_by_destination_and_page_by_page_newest_first(world: World) -> None:
    for _ in range(3):
        world.decide(world.hit(distance=3), "remove")
    found, _ = _page(world, destination=PLATFORM)
    assert [one.id for one in found] == sorted((one.id for one in found), reverse=True)
    assert {one.destination for one in found} == {PLATFORM}
    first, cursor = _page(world, destination=PLATFORM, size=4)
    rest, end = _page(world, destination=PLATFORM, size=4, cursor=cursor)
    assert ([*first, *rest], end) == (found, None)
    assert _page(world, cursor="nonsense")[0] == _page(world)[0]


def test_of_one_hit_what_no_decision_said_too(world: World) -> None:
    value = pdq()
    list_one(world, value)
    hit = post(world, value)
    world.deliver()
    world.decide(hit, "dispute")
    with world.database.read() as session:
        found = list(delivery_list.of_hit(session, hit, world.now))
    assert [(one.action, one.decision) for one in found] == [
        ("hold", None),
        ("negative", "D-1"),
        ("release", "D-1"),
    ]


def test_what_was_said_is_read_back_in_words(world: World) -> None:
    world.source("Hashes", frozenset({Told.MATCH, Told.OUTCOME}))
    value = pdq()
    list_one(world, value, source="Hashes")
    hit = post(world, value)
    assert _said(world, "match") == {
        "Member": "1",
        "Entry": "one",
        "Algorithm": "pdq",
        "Outcome": "a match that waits for a decision",
    }
    assert _said(world, "hold") == {"Action": "hold", "Content": "post"}
    world.decide(hit, "dispute")
    assert _said(world, "negative") == {
        "Member": "1",
        "Entry": "one",
        "Algorithm": "pdq",
        "Outcome": "negative",
        "Reason": DISPUTE_REASON,
        "Tags": "disputed",
    }
    shown = str([_page(world), _said(world, "negative")])
    assert value.hex() not in shown.lower()
    assert repr(value) not in shown


@pytest.mark.parametrize("delivery_id", [0, 404])
def test_there_is_no_such_delivery(world: World, delivery_id: int) -> None:
    with world.database.read() as session:
        assert delivery_list.one(session, delivery_id, world.now) is None
