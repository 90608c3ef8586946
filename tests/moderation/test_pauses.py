"""A clock that stands still: for a reason, by whoever may, and due later by as long as it stood."""

from datetime import timedelta

import pytest

from moderation import claims, pauses
from moderation.claims import ClaimRefused
from moderation.pauses import PauseRefused
from tests.moderation.outcomes import hit_row, lines, list_one, newest_on, post, rows, withdraw
from tests.world import World, near, pdq


def _pause(world: World, hit: int, reason: str = "asked the registry", login: str = "lena") -> None:
    person = world.people[login]
    with world.database.write() as session:
        pauses.pause(session, hit, person, reason, world.now)


def _resume(world: World, hit: int, login: str = "lena") -> None:
    person = world.people[login]
    with world.database.write() as session:
        pauses.resume(session, hit, person, world.now)


def _next(world: World, login: str = "mona") -> int | None:
    person = world.people[login]
    with world.database.write() as session:
        lease = claims.claim_next(session, person, world.policy, world.now)
    return lease.hit_id if lease else None


def test_a_paused_hit_shows_why_and_is_passed_over_by_next(world: World) -> None:
    paused, other = world.hit(), world.hit(distance=20)
    _pause(world, paused, "  asked the registry ")
    row = hit_row(world, paused)
    assert (row.paused_at, row.paused_reason) == (world.now, "asked the registry")
    assert _next(world) == other
    (line,) = lines(world, "hit.paused")
    assert (line.actor, line.subject) == ("person:lena", "H-1")
    assert line.details == {"reason": "asked the registry"}


def test_whoever_holds_it_does_not_any_more(world: World) -> None:
    hit = world.hit()
    world.claim(hit)
    _pause(world, hit)
    assert (hit_row(world, hit).holder_id, hit_row(world, hit).lease_until) == (None, None)


def test_it_is_due_later_by_as_long_as_the_clock_stood(world: World) -> None:
    hit = world.hit()
    before = hit_row(world, hit)
    world.later(hours=1)
    _pause(world, hit)
    world.later(hours=5, minutes=30)
    _resume(world, hit)
    after, stood = hit_row(world, hit), timedelta(hours=5, minutes=30)
    assert (after.due_at, after.at_risk_at, after.urgent_at) == (
        before.due_at + stood,
        before.at_risk_at + stood,
        before.urgent_at + stood,
    )
    assert (after.opened_at, after.paused_at, after.paused_reason) == (before.opened_at, None, None)
    (line,) = lines(world, "hit.resumed")
    assert line.details == {"minutes": 330}
    assert _next(world) == hit


def test_new_evidence_leaves_what_the_clock_stood(world: World) -> None:
    value = pdq()
    list_one(world, near(value, 4))
    hit = post(world, value)
    due = hit_row(world, hit).due_at
    _pause(world, hit)
    world.later(hours=3)
    _resume(world, hit)
    list_one(world, value, "more")
    assert hit_row(world, hit).due_at == due + timedelta(hours=3)


def test_the_hit_that_takes_the_place_of_a_changed_one_keeps_it_too(world: World) -> None:
    value = pdq()
    list_one(world, near(value, 4))
    first = post(world, value)
    due = hit_row(world, first).due_at
    _pause(world, first)
    world.later(hours=3)
    list_one(world, near(value, 6))
    second = newest_on(world, hit_row(world, first).content_id)
    assert second != first
    assert hit_row(world, second).due_at == due + timedelta(hours=3)


def test_decided_while_it_stood_it_was_in_time(world: World) -> None:
    hit = world.hit()
    due = hit_row(world, hit).due_at
    _pause(world, hit)
    world.later(days=3)
    world.decide(hit, "confirm")
    row = hit_row(world, hit)
    assert (row.due_at, row.paused_at) == (due + timedelta(days=3), None)
    assert row.closed_at is not None
    assert row.closed_at < row.due_at


def test_a_hit_that_needs_nobody_any_more_has_no_clock(world: World) -> None:
    value = pdq()
    list_one(world, value)
    hit = post(world, value, 3)
    _pause(world, hit)
    withdraw(world, "one")
    assert (hit_row(world, hit).state, hit_row(world, hit).paused_at) == ("withdrawn", None)
    with pytest.raises(PauseRefused):
        _resume(world, hit)


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201])
def test_a_reason_is_asked_for(world: World, reason: str) -> None:
    hit = world.hit()
    with pytest.raises(PauseRefused, match="Say why"):
        _pause(world, hit, reason)
    assert hit_row(world, hit).paused_at is None


@pytest.mark.parametrize("login", ["mona", "amir", "ada"])
def test_who_may_not_stop_clocks(world: World, login: str) -> None:
    hit = world.hit()
    with pytest.raises(PauseRefused, match="Your role"):
        _pause(world, hit, login=login)
    _pause(world, hit)
    with pytest.raises(PauseRefused, match="Your role"):
        _resume(world, hit, login)
    assert hit_row(world, hit).paused_at == world.now


def test_only_what_runs_is_stopped_and_only_what_stands_goes_on(world: World) -> None:
    hit = world.hit()
    with pytest.raises(PauseRefused, match="does not stand still"):
        _resume(world, hit)
    _pause(world, hit)
    with pytest.raises(PauseRefused, match="stands still already"):
        _pause(world, hit)
    _resume(world, hit)
    world.decide(hit, "confirm")
    with pytest.raises(PauseRefused, match="not open"):
        _pause(world, hit)
    with pytest.raises(PauseRefused):
        _pause(world, 404)


def test_a_paused_hit_can_be_claimed_by_name(world: World) -> None:
    hit = world.hit()
    _pause(world, hit)
    assert world.claim(hit).number == 1
    with pytest.raises(ClaimRefused):
        world.claim(hit, "milan")
    assert [row.action for row in rows(world)] == ["hold"]
