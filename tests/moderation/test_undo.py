"""A decision is taken back before a registry hears of it, by whoever made it; the trace stays."""

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from exchange.records import Receipt
from moderation import claims, decisions, deliveries, escalations, outbox, pauses, undo
from moderation.decisions import DecisionRefused
from store.delivery import Delivery
from store.hit import Decision, Hit, Undo
from store.refusal import Refusal
from tests.moderation.outcomes import (
    REGISTRY,
    hit_row,
    lines,
    list_one,
    newest_on,
    post,
    reverse,
    rows,
    rule,
    said,
    take_back,
    unavailable,
    withdraw,
)
from tests.world import World, choice, near, pdq, record


def _undo(world: World, hit: int, login: str = "mona", seen: int = 1) -> claims.Lease:
    person = world.people[login]
    with world.database.write() as session:
        return undo.undo(session, hit, seen, person, world.policy, world.now)


def _count(world: World, table: type) -> int:
    with world.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def _accepted(_order: outbox.Order) -> Receipt:
    return Receipt(200)


@pytest.fixture
def hit(world: World) -> int:
    """A near hit that Mona removed."""
    number = world.hit(distance=3)
    world.decide(number, "remove")
    return number


def test_the_hit_is_open_again_and_ones_own(world: World, hit: int) -> None:
    world.later(minutes=5)
    lease = _undo(world, hit)
    row = hit_row(world, hit)
    assert (row.state, row.verdict, row.closed_at) == ("open", None, None)
    assert (row.holder_id, row.lease_until) == (world.people["mona"].id, lease.until)
    assert (lease.number, lease.until) == (2, world.now + world.policy.lease.length)
    assert {state for _, state in said(world, REGISTRY)} == {"cancelled"}


def test_the_trace_stays(world: World, hit: int) -> None:
    _undo(world, hit)
    (line,) = lines(world, "hit.undone")
    assert (line.actor, line.subject, line.details["verdict"]) == ("person:mona", "H-1", "remove")
    assert sorted(line.details["cancelled"]) == sorted(row.idempotency_key for row in rows(world))
    assert line.details["deliveries"] == []
    assert (_count(world, Decision), _count(world, Undo)) == (1, 1)


def test_what_was_refused_because_of_it_is_not_any_more(world: World, hit: int) -> None:
    with world.database.read() as session:
        assert session.scalars(select(Refusal.retired)).all() == [False]
    _undo(world, hit)
    with world.database.read() as session:
        assert session.scalars(select(Refusal.retired)).all() == [True]


def test_a_hit_that_was_put_before_a_lead_is_there_again(world: World) -> None:
    hit = world.hit(distance=3)
    world.claim(hit)
    with world.database.write() as session:
        escalations.hand_up(session, hit, world.people["mona"], "Look at this", world.now)
    before = hit_row(world, hit)
    world.later(minutes=1)
    world.decide(hit, "remove", "lena")
    assert not hit_row(world, hit).for_lead
    _undo(world, hit, "lena")
    after = hit_row(world, hit)
    assert after.for_lead
    assert after.escalated_at == before.escalated_at is not None
    assert after.escalated_reason == "Look at this"
    with world.database.write() as session:
        claims.release(session, hit, world.people["lena"], world.now)
    with pytest.raises(claims.ClaimRefused, match="before a lead"):
        world.claim(hit)


def test_a_clock_that_stood_still_stands_still_again(world: World) -> None:
    hit = world.hit(distance=3)
    lead = world.people["lena"]
    due = hit_row(world, hit).due_at
    with world.database.write() as session:
        pauses.pause(session, hit, lead, "The police asked us to wait", world.now)
    world.later(hours=2)
    world.decide(hit, "remove", "lena")
    world.later(minutes=5)
    _undo(world, hit, "lena")
    stands = hit_row(world, hit)
    assert stands.paused_reason == "The police asked us to wait"
    assert (stands.due_at, stands.stood_seconds) == (due, 0)
    world.later(hours=1)
    with world.database.write() as session:
        pauses.resume(session, hit, lead, world.now)
    stood = timedelta(hours=3, minutes=5)
    assert hit_row(world, hit).due_at == due + stood
    assert hit_row(world, hit).stood_seconds == stood.total_seconds()


def test_decided_again_it_is_the_next_decision_and_can_be_undone_too(
    world: World, hit: int
) -> None:
    for ordinal in (1, 2):
        _undo(world, hit, seen=ordinal)
        world.decide(hit, "confirm")
    world.later(minutes=10)
    world.deliver()
    heard = [action for action, state in said(world, REGISTRY) if state == "delivered"]
    assert heard == ["affirmative"]
    with world.database.read() as session:
        assert session.scalars(select(Decision.ordinal)).all() == [1, 2, 3]


@pytest.mark.parametrize(("seconds", "possible"), [(599, True), (600, False)])
def test_until_the_registry_hears_of_it(
    world: World, hit: int, seconds: int, possible: bool
) -> None:
    world.later(seconds=seconds)
    if possible:
        _undo(world, hit)
    else:
        with pytest.raises(DecisionRefused, match="may have heard"):
            _undo(world, hit)


def test_not_once_it_may_have_heard_though_the_time_was_made_longer(world: World, hit: int) -> None:
    world.later(seconds=600)
    world.deliver(unavailable)
    rule(world, "holds", registry_seconds=86_400)
    with pytest.raises(DecisionRefused, match="may have heard"):
        _undo(world, hit)
    assert hit_row(world, hit).state == "decided"


def test_one_that_leaves_while_it_is_being_undone_stands(
    world: World, hit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted fault: the sender's clock is ahead, and marks the vote after the undo looked."""
    cancel = deliveries.cancel

    def late(session: Session, row: Hit) -> list[str]:
        votes = update(Delivery).where(Delivery.source_id.is_not(None))
        session.execute(votes.values(state="sending", attempts=1))
        return cancel(session, row)

    monkeypatch.setattr(deliveries, "cancel", late)
    with pytest.raises(DecisionRefused, match="may have heard"):
        _undo(world, hit)
    assert hit_row(world, hit).verdict == "remove"
    assert (_count(world, Undo), lines(world, "hit.undone")) == (0, [])


def test_of_an_undo_and_a_sender_at_the_same_moment_one_wins(world: World) -> None:
    """Never both: a registry hears nothing of a decision that was undone."""
    rule(world, "holds", registry_seconds=1)
    hits = [world.hit(distance=3) for _ in range(6)]
    for hit in hits:
        world.decide(hit, "confirm")
    due = world.now + timedelta(seconds=1)
    undone: list[int] = []

    def take_all_back() -> None:
        for hit in hits:
            try:
                _undo(world, hit)
                undone.append(hit)
            except DecisionRefused:
                pass

    def send_all() -> None:
        for row in rows(world, REGISTRY):
            outbox.deliver(
                world.database,
                row.id,
                lambda _order: Receipt(200),
                world.policy.outbox,
                lambda: due,
            )

    assert world.people["mona"].login
    hands = [threading.Thread(target=take_all_back), threading.Thread(target=send_all)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join(30)
    ended = {row.hit_id: row.state for row in rows(world, REGISTRY)}
    assert ended == {hit: "cancelled" if hit in undone else "delivered" for hit in hits}


# --- refused, with nothing changed


@pytest.mark.parametrize(
    ("login", "words"), [("milan", "Only the person"), ("lena", "Only the"), ("amir", "Your role")]
)
def test_it_is_for_the_person_who_decided(world: World, hit: int, login: str, words: str) -> None:
    with pytest.raises(DecisionRefused, match=words):
        _undo(world, hit, login)
    assert hit_row(world, hit).state == "decided"


def test_one_that_replaced_another_is_reversed_instead(world: World, hit: int) -> None:
    world.later(minutes=10)
    world.deliver()
    reverse(world, hit, "dispute", "mona")
    with pytest.raises(DecisionRefused, match="Decide otherwise"):
        _undo(world, hit, seen=2)


def test_an_old_page_undoes_nothing(world: World, hit: int) -> None:
    reverse(world, hit, "dispute", "mona")
    with pytest.raises(DecisionRefused, match="decided this hit again"):
        _undo(world, hit)
    _open = world.hit(distance=3)
    with pytest.raises(DecisionRefused, match="nothing to undo"):
        _undo(world, _open)
    with pytest.raises(DecisionRefused, match="no such hit"):
        _undo(world, 404)


def test_what_the_policy_decided_nobody_undoes(world: World) -> None:
    hit = world.hit(distance=3)
    with world.database.write() as session:
        decisions.decide_by_policy(session, hit, choice("remove"), world.policy, world.now)
    with pytest.raises(DecisionRefused, match="Only the person"):
        _undo(world, hit)


def test_not_while_the_same_content_has_a_newer_hit(world: World) -> None:
    value = pdq()
    list_one(world, near(value, 5))
    first = post(world, value)
    world.decide(first, "confirm")
    list_one(world, value, "two")
    second = newest_on(world, hit_row(world, first).content_id)
    with pytest.raises(DecisionRefused, match=f"H-{second}"):
        take_back(world, first)


@pytest.mark.parametrize("change", ["withdrawn", "changed"])
def test_not_once_its_entry_is_gone_so_that_no_open_hit_is_unsupported(
    world: World, change: str
) -> None:
    value = pdq()
    list_one(world, value)
    hit = post(world, value, 3)
    world.decide(hit, "remove")
    if change == "withdrawn":
        withdraw(world, "one")
    else:
        world.list_entries(record(pdq(), entry_id="one"))
    with pytest.raises(DecisionRefused, match="withdrew or changed"):
        take_back(world, hit)
    reverse(world, hit, "dispute", "mona")
    assert said(world)[-1] == ("release", "waiting")


# --- what the page offers


def test_the_newest_decision_is_offered_while_it_can_be_undone(world: World, hit: int) -> None:
    newest = world.hit(distance=3)
    mona, milan, end = (
        world.people["mona"],
        world.people["milan"],
        world.now + timedelta(minutes=10),
    )

    def offered(now: datetime) -> undo.Undoable | None:
        with world.database.read() as session:
            assert undo.latest(session, milan, world.policy, now) is None
            return undo.latest(session, mona, world.policy, now)

    assert offered(world.now) == undo.Undoable(hit, "H-1", "remove", 1, end)
    assert offered(end) is None
    world.later(minutes=1)
    world.decide(newest, "confirm")
    found = offered(world.now)
    assert found is not None
    assert found.hit_id == newest
    _undo(world, newest)
    assert offered(world.now) is None, "the one before it is left to its own page"
