"""A decision, its audit line and its deliveries stand or fall together, and only once."""

import threading

import pytest
from sqlalchemy import func, select

from moderation import claims, decisions
from moderation.claims import ClaimRefused
from moderation.decisions import Choice, DecisionRefused, Verdict
from store.audit import AuditEntry
from store.delivery import Delivery
from store.hit import Decision, Hit
from tests.world import World, choice


def _count(world: World, table: type) -> int:
    with world.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def _deliveries(world: World) -> list[tuple[str, str]]:
    with world.database.read() as session:
        rows = session.scalars(select(Delivery).order_by(Delivery.id))
        return [(row.destination, row.action) for row in rows]


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        ("confirm", [("registry:Take It Down", "affirmative")]),
        (
            "remove",
            [
                ("registry:Take It Down", "affirmative"),
                ("platform", "remove"),
                ("platform", "refuse-fingerprint"),
            ],
        ),
        ("dispute", [("registry:Take It Down", "negative"), ("platform", "release")]),
    ],
)
def test_each_decision_says_to_each_what_the_table_says(
    world: World, verdict: str, expected: list[tuple[str, str]]
) -> None:
    world.decide(world.hit(distance=3), verdict)
    assert _deliveries(world) == expected


def test_a_dispute_carries_the_registrys_own_reason(world: World) -> None:
    world.decide(world.hit(), "dispute")
    with world.database.read() as session:
        vote = session.scalars(select(Delivery).where(Delivery.action == "negative")).one()
    assert vote.body["reason_ids"] == ["pdq-1"]


def test_a_decision_without_its_lease_changes_nothing(world: World) -> None:
    hit = world.hit(distance=3)
    lease = world.claim(hit)
    world.later(minutes=16)
    world.claim(hit, "milan")
    lines = _count(world, AuditEntry)
    with pytest.raises(DecisionRefused, match="ran out"), world.database.write() as session:
        decisions.decide(
            session,
            hit,
            lease.number,
            world.people["mona"],
            choice("confirm"),
            world.policy,
            world.now,
        )
    assert (_count(world, Decision), _count(world, Delivery)) == (0, 0)
    assert _count(world, AuditEntry) == lines


def test_a_page_from_before_ones_own_second_claim_is_recognised(world: World) -> None:
    hit = world.hit()
    old = world.claim(hit)
    with world.database.write() as session:
        claims.release(session, hit, world.people["mona"], world.now)
    world.claim(hit)
    with pytest.raises(DecisionRefused), world.database.write() as session:
        decisions.decide(
            session,
            hit,
            old.number,
            world.people["mona"],
            choice("confirm"),
            world.policy,
            world.now,
        )


def test_what_fails_after_the_decision_takes_the_decision_with_it(world: World) -> None:
    """The planted fault: the unit of work ends badly after everything was written."""
    hit = world.hit(distance=3)
    lease = world.claim(hit)
    lines = _count(world, AuditEntry)
    with pytest.raises(RuntimeError, match="planted"), world.database.write() as session:
        decisions.decide(
            session,
            hit,
            lease.number,
            world.people["mona"],
            choice("remove"),
            world.policy,
            world.now,
        )
        raise RuntimeError("planted")
    assert (_count(world, Decision), _count(world, Delivery)) == (0, 0)
    assert _count(world, AuditEntry) == lines
    with world.database.read() as session:
        assert session.get_one(Hit, hit).state == "open"


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (Choice(Verdict.CONFIRM, "no-such-reason"), "Choose one of the reasons"),
        (Choice(Verdict.CONFIRM, "already-gone", "x" * 2_001), "more than 2000"),
        (Choice(Verdict.CONFIRM, "already-gone", "see " + "ab" * 32), "fingerprint"),
    ],
)
def test_a_choice_that_is_not_complete_is_refused(world: World, bad: Choice, words: str) -> None:
    hit = world.hit()
    lease = world.claim(hit)
    with pytest.raises(DecisionRefused, match=words), world.database.write() as session:
        decisions.decide(
            session, hit, lease.number, world.people["mona"], bad, world.policy, world.now
        )
    assert _count(world, Decision) == 0


@pytest.mark.parametrize("login", ["amir", "ada"])
def test_who_may_not_claim_cannot_decide(world: World, login: str) -> None:
    hit = world.hit()
    with pytest.raises(ClaimRefused):
        world.claim(hit, login)
    with pytest.raises(DecisionRefused), world.database.write() as session:
        decisions.decide(
            session, hit, 1, world.people[login], choice("confirm"), world.policy, world.now
        )


def test_a_reversal_is_another_decision_and_cancels_what_has_not_left(world: World) -> None:
    hit = world.hit(distance=3)
    world.decide(hit, "remove")
    with world.database.write() as session:
        decisions.reverse(
            session, hit, 1, world.people["mona"], choice("dispute"), world.policy, world.now
        )
    with world.database.read() as session:
        rows = list(session.scalars(select(Delivery).order_by(Delivery.id)))
        made = list(session.scalars(select(Decision).order_by(Decision.ordinal)))
    assert [(row.action, row.state) for row in rows] == [
        ("affirmative", "cancelled"),
        ("remove", "cancelled"),
        ("refuse-fingerprint", "cancelled"),
        ("negative", "waiting"),
        ("release", "waiting"),
    ]
    assert [one.verdict for one in made] == ["remove", "dispute"]


def test_somebody_elses_decision_is_reversed_by_a_lead_only(world: World) -> None:
    hit = world.hit()
    world.decide(hit, "confirm")
    with pytest.raises(DecisionRefused, match="lead"), world.database.write() as session:
        decisions.reverse(
            session, hit, 1, world.people["milan"], choice("dispute"), world.policy, world.now
        )
    with world.database.write() as session:
        decisions.reverse(
            session, hit, 1, world.people["lena"], choice("dispute"), world.policy, world.now
        )
    assert _count(world, Decision) == 2


def test_two_people_at_once_decide_once(world: World) -> None:
    """Many threads try to claim and decide the same hits; each hit ends with one decision."""
    hits = [world.hit() for _ in range(5)]
    refused: list[Exception] = []

    def work(login: str) -> None:
        for hit in hits:
            try:
                world.decide(hit, "confirm", login)
            except (ClaimRefused, DecisionRefused) as error:
                refused.append(error)

    threads = [threading.Thread(target=work, args=(who,)) for who in ("mona", "milan", "lena")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _count(world, Decision) == len(hits)
    assert len(refused) == 2 * len(hits)
