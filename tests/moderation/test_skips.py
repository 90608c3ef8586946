"""Passing a hit over: one's own rest from it, nobody else's, and never a way round a lease."""

import pytest

from moderation import claims, skips
from moderation.claims import ClaimRefused
from tests.moderation.outcomes import hit_row, lines, rule
from tests.world import World


def _next(world: World, login: str = "mona") -> int | None:
    with world.database.write() as session:
        lease = claims.claim_next(session, world.people[login], world.policy, world.now)
    return lease.hit_id if lease else None


def _skip(world: World, hit: int, login: str = "mona", reason: str = "not-now") -> None:
    person = world.people[login]
    with world.database.write() as session:
        skips.skip(session, hit, person, reason, world.policy, world.now)


def test_a_hit_that_was_passed_over_goes_back_and_the_next_one_comes(world: World) -> None:
    first, second = world.hit(), world.hit(distance=25)
    assert _next(world) == first
    _skip(world, first)
    assert (hit_row(world, first).holder_id, hit_row(world, first).lease_until) == (None, None)
    assert _next(world) == second
    (line,) = lines(world, "hit.skipped")
    assert (line.actor, line.subject, line.details) == (
        "person:mona",
        f"H-{first}",
        {"reason": "not-now"},
    )
    assert lines(world, "hit.released") == [], "it is logged once"


def test_it_is_offered_to_others_at_once(world: World) -> None:
    hit = world.hit()
    _next(world)
    _skip(world, hit)
    assert _next(world, "milan") == hit


@pytest.mark.parametrize(("hours", "offered"), [(11.9, False), (12, True)])
def test_it_is_offered_to_oneself_again_after_the_policys_time(
    world: World, hours: float, offered: bool
) -> None:
    hit = world.hit()
    _next(world)
    _skip(world, hit)
    world.later(hours=hours)
    assert _next(world) == (hit if offered else None)


def test_the_time_is_the_policys(world: World) -> None:
    rule(world, "lease", skipped_hours=0.5)
    hit = world.hit()
    _next(world)
    _skip(world, hit)
    world.later(minutes=30)
    assert _next(world) == hit


def test_passing_it_over_again_begins_anew(world: World) -> None:
    hit = world.hit()
    for _ in range(2):
        world.claim(hit)
        _skip(world, hit)
        world.later(hours=11)
    assert _next(world) is None
    world.later(hours=1)
    assert _next(world) == hit


def test_who_passed_it_over_can_still_claim_it_by_hand(world: World) -> None:
    hit = world.hit()
    world.claim(hit)
    _skip(world, hit)
    assert world.claim(hit).number == 2


@pytest.mark.parametrize("reason", ["", "because", "already-gone", "not-now "])
def test_reasons_come_from_the_policy_alone(world: World, reason: str) -> None:
    hit = world.hit()
    world.claim(hit)
    with pytest.raises(ClaimRefused, match="one of the reasons"):
        _skip(world, hit, reason=reason)
    assert hit_row(world, hit).holder_id == world.people["mona"].id
    assert lines(world, "hit.skipped") == []


def test_nobody_passes_over_what_they_do_not_hold(world: World) -> None:
    hit, free = world.hit(), world.hit()
    world.claim(hit, "milan")
    for one in (hit, free, 404):
        with pytest.raises(ClaimRefused):
            _skip(world, one)
    assert hit_row(world, hit).holder_id == world.people["milan"].id
    assert lines(world, "hit.skipped") == []
    assert _next(world) == free, "what was refused is not remembered"


def test_a_lead_passes_over_their_own_and_nobody_elses(world: World) -> None:
    """To take a hit from somebody is another thing, and is logged as such."""
    hit = world.hit()
    world.claim(hit, "mona")
    with pytest.raises(ClaimRefused, match="do not hold"):
        _skip(world, hit, "lena")
    assert hit_row(world, hit).holder_id == world.people["mona"].id
