"""What a decision says to whom: the table of docs/protocols.md, case by case."""

import dataclasses
from typing import Any

import pytest
from sqlalchemy import select

from exchange.errors import Refused
from exchange.records import EntryRecord, Member, Reason, Receipt
from matching.fingerprint import Algorithm, Fingerprint
from moderation import audit, decisions, sources
from moderation.content import Print
from moderation.decisions import Choice, DecisionRefused, Verdict
from moderation.naming import hit_name
from moderation.outbox import Order
from moderation.source_settings import SourceSettings
from store.delivery import Delivery
from store.hit import Hit
from store.source import Source
from tests.world import NCMEC, START, World, choice, near, pdq, record


def _print(value: bytes) -> Print:
    return Print(Fingerprint(Algorithm.PDQ, value), 90)


def _newest_hit(world: World) -> int:
    with world.database.read() as session:
        return session.scalars(select(Hit.id).order_by(Hit.id.desc()).limit(1)).one()


def _rows(world: World) -> list[Delivery]:
    with world.database.read() as session:
        return list(session.scalars(select(Delivery).order_by(Delivery.id)))


def _votes(world: World) -> list[Delivery]:
    return [row for row in _rows(world) if row.source_id is not None]


def _refused(_order: Order) -> Receipt:
    raise Refused("unknown entry", status=404)


def _waiting(world: World) -> list[tuple[str, str]]:
    return [(row.destination, row.action) for row in _rows(world) if row.state == "waiting"]


def _reverse(world: World, hit: int, seen: int, verdict: str) -> None:
    with world.database.write() as session:
        decisions.reverse(
            session, hit, seen, world.people["lena"], choice(verdict), world.policy, world.now
        )


def _reasons(world: World, source: str, *reasons: Reason) -> None:
    with world.database.write() as session:
        row = session.scalars(select(Source).where(Source.name == source)).one()
        sources.keep_reasons(session, row.id, reasons, world.now)


def test_each_entry_and_algorithm_that_matched_gets_its_vote(world: World) -> None:
    value, md5 = pdq(), b"m" * 16
    prints = (Fingerprint(Algorithm.PDQ, value), Fingerprint(Algorithm.MD5, md5))
    both: EntryRecord = dataclasses.replace(record(entry_id="both"), fingerprints=prints)
    world.list_entries(both, record(near(value, 5), entry_id="near", member="2"))
    world.post(_print(value), Print(Fingerprint(Algorithm.MD5, md5)))
    world.decide(_newest_hit(world), "confirm")
    said = {
        (row.body["member_id"], row.body["entry_id"], row.body["algorithm"], row.body["vote"])
        for row in _votes(world)
    }
    assert said == {
        ("1", "both", "pdq", "affirmative"),
        ("1", "both", "md5", "affirmative"),
        ("2", "near", "pdq", "affirmative"),
    }
    assert len({row.subject for row in _votes(world)}) == 3
    assert len({row.idempotency_key for row in _votes(world)}) == 3


def test_each_registry_hears_of_its_own_entries(world: World) -> None:
    value = pdq()
    world.source("Another")
    world.list_entries(record(value))
    world.list_entries(record(value), source="Another")
    world.post(_print(value))
    world.decide(_newest_hit(world), "dispute")
    assert _waiting(world) == [
        ("registry:Take It Down", "negative"),
        ("registry:Another", "negative"),
        ("platform", "release"),
    ]


def test_an_entry_that_was_withdrawn_gets_no_vote(world: World) -> None:
    value = pdq()
    world.list_entries(record(value, entry_id="one"), record(value, entry_id="two"))
    world.post(_print(value))
    world.list_entries(record(entry_id="one", withdrawn=True))
    world.decide(_newest_hit(world), "remove")
    assert [row.body["entry_id"] for row in _votes(world)] == ["two"]
    assert ("platform", "remove") in _waiting(world)


def test_registries_are_told_after_a_time_to_undo_and_the_platform_at_once(world: World) -> None:
    world.decide(world.hit(distance=3), "remove")
    held = {row.destination: (row.next_attempt_at - START).seconds for row in _rows(world)}
    assert held == {"registry:Take It Down": 600, "platform": 0}


def test_what_is_planned_stands_in_the_log_of_the_decision(world: World) -> None:
    hit = world.hit()
    world.decide(hit, "remove")
    with world.database.read() as session:
        (line,) = audit.lines(session, subject=hit_name(hit), action="hit.decided")
    assert line.details["deliveries"] == [
        row.idempotency_key for row in _rows(world) if row.decision_id is not None
    ]


def test_no_delivery_holds_a_fingerprint(world: World) -> None:
    value = pdq()
    world.list_entries(record(value))
    world.post(_print(near(value, 3)))
    world.decide(_newest_hit(world), "remove")
    assert value.hex() not in str([row.body for row in _rows(world)])
    assert set(_rows(world)[0].body) == {
        *("member_id", "entry_id", "algorithm", "vote", "reason_ids", "tags"),
    }
    assert set(_rows(world)[1].body) == {"content_id", "hit", "decision"}


@pytest.mark.parametrize(
    ("verdict", "tags"),
    [("confirm", ["confirmed"]), ("remove", ["removed"]), ("dispute", ["disputed"])],
)
def test_registries_that_take_tags_are_told_which_outcome(
    world: World, verdict: str, tags: list[str]
) -> None:
    world.decide(world.hit(), verdict)
    assert [row.body["tags"] for row in _votes(world)] == [tags]


# --- the registry's reasons for a dispute


def _dispute(world: World, hit: int, registry_reason: str) -> list[str]:
    lease = world.claim(hit)
    with world.database.write() as session:
        decisions.decide(
            session,
            hit,
            lease.number,
            world.people["mona"],
            Choice(Verdict.DISPUTE, "different-content", "", registry_reason),
            world.policy,
            world.now,
        )
    (vote,) = _votes(world)
    found: list[str] = vote.body["reason_ids"]
    return found


def test_the_reason_is_the_one_of_that_name_for_that_algorithm(world: World) -> None:
    reasons = [
        Reason(f"{algorithm}-{name}", name, algorithm)
        for algorithm in Algorithm
        for name in ("Wrong", "Plain")
    ]
    _reasons(world, "Take It Down", *reasons)
    assert _dispute(world, world.hit(), "Plain") == ["pdq-Plain"]


def test_where_there_is_one_reason_only_it_is_that_one(world: World) -> None:
    _reasons(world, "Take It Down", Reason("only", "Whatever", Algorithm.PDQ))
    assert _dispute(world, world.hit(), "Something else") == ["only"]


def test_where_there_is_a_choice_it_is_asked_for_and_nothing_is_decided(world: World) -> None:
    reasons = [Reason(name, name, Algorithm.PDQ) for name in ("Wrong", "Plain")]
    _reasons(world, "Take It Down", *reasons)
    hit = world.hit()
    with pytest.raises(DecisionRefused, match="one of the reasons of Take It Down"):
        _dispute(world, hit, "")
    with world.database.read() as session:
        assert session.get_one(Hit, hit).state == "open"
    assert _votes(world) == []


def test_a_registry_without_reasons_asks_for_none(world: World) -> None:
    _reasons(world, "Take It Down")
    assert _dispute(world, world.hit(), "") == []


def test_before_the_reasons_were_fetched_one_is_told_to_wait(world: World) -> None:
    with world.database.write() as session:
        sources.add(
            session,
            name="New",
            kind=NCMEC,
            settings=SourceSettings("https://registry.test/npo", "test"),
            policy=world.policy,
            actor="test",
            now=world.now,
        )
    value = pdq()
    world.list_entries(record(value), source="New")
    world.post(_print(value))
    with pytest.raises(DecisionRefused, match="have not been fetched yet"):
        _dispute(world, _newest_hit(world), "Wrong")


# --- reversals

REVERSALS: list[tuple[list[str], list[str]]] = [
    (["remove", "dispute"], ["negative", "restore"]),
    (["remove", "confirm"], ["affirmative"]),
    (["confirm", "remove"], ["affirmative", "remove", "refuse-fingerprint"]),
    (["confirm", "dispute"], ["negative", "release"]),
    (["dispute", "remove"], ["affirmative", "remove", "refuse-fingerprint"]),
    (["dispute", "confirm"], ["affirmative"]),
    # What the platform was told last counts, however far back.
    (["remove", "confirm", "dispute"], ["negative", "restore"]),
    (["remove", "dispute", "confirm", "dispute"], ["negative", "release"]),
    (["remove", "confirm", "remove"], ["affirmative"]),
]


@pytest.mark.parametrize(("verdicts", "said"), REVERSALS)
def test_a_reversal_says_what_the_new_decision_says(
    world: World, verdicts: list[str], said: list[str]
) -> None:
    hit = world.hit()
    world.decide(hit, verdicts[0], "lena")
    for seen, verdict in enumerate(verdicts[1:], 1):
        world.later(hours=1)
        world.deliver()
        _reverse(world, hit, seen, verdict)
    assert [action for _, action in _waiting(world)] == said


def test_a_reversal_cancels_what_has_not_left_and_what_was_given_up(world: World) -> None:
    hit = world.hit(distance=3)
    world.decide(hit, "remove", "lena")
    world.deliver()  # the platform, at once
    world.later(hours=1)
    world.deliver(_refused)
    _reverse(world, hit, 1, "dispute")
    assert [(row.action, row.state) for row in _rows(world)] == [
        ("affirmative", "cancelled"),
        ("remove", "delivered"),
        ("refuse-fingerprint", "delivered"),
        ("negative", "waiting"),
        ("restore", "waiting"),
    ]


# --- room for the longest names


def test_the_longest_names_find_room(world: World) -> None:
    long: dict[str, Any] = {"platform_id": "p" * 200, "uploader": "u" * 200}
    name = "S" * 80
    world.source(name)
    value = pdq()
    whole = dataclasses.replace(
        record(value), member=Member("m" * 255, "M" * 255), entry_id="e" * 255
    )
    world.list_entries(whole, source=name)
    world.post(_print(value), **long)
    world.decide(_newest_hit(world), "dispute")
    assert [row.destination for row in _rows(world)] == ["platform", f"registry:{name}", "platform"]
