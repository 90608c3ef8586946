"""What runs out of time, and what somebody hands up, stands before a lead."""

import threading

import pytest

from moderation import claims, escalations, pauses
from moderation.claims import ClaimRefused
from moderation.escalations import AT_RISK, EscalationRefused
from tests.moderation.outcomes import hit_row, lines, list_one, post, withdraw
from tests.world import World, pdq


def _late(world: World) -> int:
    return escalations.escalate_late(world.database, world.now)


def _hand_up(world: World, hit: int, reason: str = "is this a child?", login: str = "mona") -> None:
    person = world.people[login]
    with world.database.write() as session:
        escalations.hand_up(session, hit, person, reason, world.now)


def _next(world: World, login: str) -> int | None:
    person = world.people[login]
    with world.database.write() as session:
        lease = claims.claim_next(session, person, world.policy, world.now)
    return lease.hit_id if lease else None


# --- the clock


def test_what_is_at_risk_is_escalated_once(world: World) -> None:
    hit = world.hit()
    world.now = hit_row(world, hit).at_risk_at
    world.later(seconds=-1)
    assert _late(world) == 0
    world.later(seconds=1)
    assert (_late(world), _late(world)) == (1, 0)
    row = hit_row(world, hit)
    assert (row.escalated_at, row.escalated_reason, row.for_lead) == (world.now, AT_RISK, False)
    (line,) = lines(world, "hit.escalated")
    assert (line.actor, line.subject, line.details) == (
        "system:clock",
        "H-1",
        {"reason": AT_RISK},
    )


def test_anybody_goes_on_deciding_it_and_then_it_stands_there_no_more(world: World) -> None:
    hit = world.hit()
    lease = world.claim(hit)
    world.now = hit_row(world, hit).at_risk_at
    _late(world)
    assert hit_row(world, hit).holder_id == world.people["mona"].id
    assert world.claim(hit).number == lease.number + 1, "the lease ran out meanwhile"
    world.decide(hit, "confirm")
    assert (hit_row(world, hit).escalated_at, hit_row(world, hit).escalated_reason) == (None, None)
    assert _late(world) == 0


def test_more_than_a_chunk_is_escalated_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(escalations, "CHUNK", 2)
    for _ in range(5):
        world.hit(distance=3)
    world.later(days=2)
    assert _late(world) == 5
    assert len(lines(world, "hit.escalated")) == 5


def test_a_clock_that_stands_still_runs_out_of_no_time(world: World) -> None:
    hit = world.hit()
    with world.database.write() as session:
        pauses.pause(session, hit, world.people["lena"], "asked the registry", world.now)
    world.later(days=2)
    assert _late(world) == 0


def test_what_was_withdrawn_needs_no_lead(world: World) -> None:
    list_one(world, pdq())
    value = pdq()
    list_one(world, value, "two")
    hit = post(world, value)
    world.later(days=2)
    _late(world)
    withdraw(world, "two")
    assert hit_row(world, hit).escalated_at is None
    assert _late(world) == 0


def test_two_clocks_at_once_escalate_each_hit_once(world: World) -> None:
    for _ in range(6):
        world.hit(distance=3)
    world.later(days=2)
    counts: list[int] = []
    hands = [threading.Thread(target=lambda: counts.append(_late(world))) for _ in range(2)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join(30)
    assert sum(counts) == 6
    assert len(lines(world, "hit.escalated")) == 6


# --- handed up


def test_what_is_handed_up_is_a_leads_alone(world: World) -> None:
    hit = world.hit()
    world.claim(hit)
    _hand_up(world, hit, "  is this a child? ")
    row = hit_row(world, hit)
    assert (row.escalated_at, row.escalated_reason) == (world.now, "is this a child?")
    assert (row.for_lead, row.holder_id, row.lease_until) == (True, None, None)
    (line,) = lines(world, "hit.escalated")
    assert (line.actor, line.details) == ("person:mona", {"reason": "is this a child?"})
    for login in ("mona", "milan"):
        with pytest.raises(ClaimRefused, match="put before a lead"):
            world.claim(hit, login)
        assert _next(world, login) is None
    assert _next(world, "lena") == hit


def test_a_lead_decides_it_or_gives_it_back_to_somebody(world: World) -> None:
    hit = world.hit()
    world.claim(hit)
    _hand_up(world, hit)
    world.claim(hit, "lena")
    milan = world.people["milan"]
    with world.database.write() as session:
        lead = world.people["lena"]
        claims.hand_over(session, hit, lead, milan.login, world.policy, world.now)
    world.decide(hit, "confirm", "milan")
    assert (hit_row(world, hit).for_lead, hit_row(world, hit).escalated_at) == (False, None)


@pytest.mark.parametrize("reason", ["", " \n ", "x" * 201])
def test_a_reason_is_asked_for(world: World, reason: str) -> None:
    hit = world.hit()
    world.claim(hit)
    with pytest.raises(EscalationRefused, match="Say what the lead"):
        _hand_up(world, hit, reason)
    assert hit_row(world, hit).holder_id is not None


def test_only_what_one_holds_is_handed_up(world: World) -> None:
    hit = world.hit()
    for login, words in {"milan": "no longer hold", "amir": "Your role"}.items():
        world.people[login]
        with pytest.raises(EscalationRefused, match=words):
            _hand_up(world, hit, login=login)
    world.claim(hit)
    with pytest.raises(EscalationRefused, match="no longer hold"):
        _hand_up(world, hit, login="milan")
    world.later(minutes=15)
    with pytest.raises(EscalationRefused, match="no longer hold"):
        _hand_up(world, hit)
    assert lines(world, "hit.escalated") == []
