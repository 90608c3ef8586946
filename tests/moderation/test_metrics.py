"""The leads' figures: what waits, what was decided in time, and how things leave."""

from datetime import timedelta

import pytest

from moderation import metrics, pauses
from moderation.delivery_list import Stage
from moderation.metrics import DAYS, Figures
from tests.moderation.outcomes import hit_row, refused, reverse, take_back
from tests.world import World


def _figures(world: World) -> Figures:
    with world.database.read() as session:
        return metrics.figures(session, world.now)


def test_nothing_yet(world: World) -> None:
    found = _figures(world)
    assert (found.open, found.at_risk, found.breached, found.decided, found.late) == (0, 0, 0, 0, 0)
    assert (found.median_minutes, found.on_time_share) == (None, None)
    assert len(found.days) == DAYS
    assert found.days[-1].day == world.now.date()
    assert {str(count) for count in found.deliveries.values()} == {"0"}


def test_the_clock_of_what_waits(world: World) -> None:
    hit = world.hit()
    row = hit_row(world, hit)
    for moment, expected in ((row.at_risk_at, (1, 0)), (row.due_at, (0, 1))):
        world.now = moment - timedelta(seconds=1)
        before = _figures(world)
        world.now = moment
        now = _figures(world)
        assert (now.at_risk, now.breached) == expected
        assert (before.at_risk, before.breached) != expected
    assert _figures(world).open == 1


@pytest.mark.parametrize(("hours", "expected"), [(1, (0, 0)), (19, (1, 0)), (25, (0, 1))])
def test_a_clock_that_stands_still_comes_to_nothing_more(
    world: World, hours: int, expected: tuple[int, int]
) -> None:
    """What it had come to before stays so."""
    hit = world.hit()
    world.later(hours=hours)
    with world.database.write() as session:
        pauses.pause(session, hit, world.people["lena"], "asked the registry", world.now)
    world.later(days=3)
    found = _figures(world)
    assert (found.open, found.at_risk, found.breached) == (1, *expected)


def test_what_was_decided_and_how_long_it_took(world: World) -> None:
    for minutes in (10, 30, 2_000):
        hit = world.hit()
        world.later(minutes=minutes)
        world.decide(hit, "confirm")
    found = _figures(world)
    assert (found.decided, found.late, found.median_minutes) == (3, 1, 30)
    assert found.on_time_share == pytest.approx(2 / 3)


def test_the_decision_that_stood_first_is_the_one_that_counts(world: World) -> None:
    """Undone it was none; reversed it still was."""
    hit = world.hit()
    world.later(minutes=5)
    world.decide(hit, "remove")
    take_back(world, hit)
    assert _figures(world).decided == 0
    world.later(minutes=5)
    world.decide(hit, "confirm")
    world.later(minutes=5)
    reverse(world, hit, "dispute")
    found = _figures(world)
    assert (found.decided, found.median_minutes) == (1, 10)
    day = found.days[-1]
    assert (day.opened, day.confirm, day.remove, day.dispute) == (1, 1, 0, 1)


def test_each_day_by_utc(world: World) -> None:
    world.decide(world.hit(), "confirm")
    world.later(days=1)
    world.decide(world.hit(), "dispute")
    found = {day.day: (day.opened, day.confirm, day.dispute) for day in _figures(world).days}
    assert found[world.now.date()] == (1, 0, 1)
    assert found[world.now.date() - timedelta(days=1)] == (1, 1, 0)
    world.later(days=DAYS)
    assert _figures(world).decided == 0


def test_how_deliveries_stand(world: World) -> None:
    world.decide(world.hit(distance=3), "remove")
    world.deliver(refused)
    found = _figures(world).deliveries
    assert {stage: count.number for stage, count in found.items() if count} == {
        Stage.HELD: 1,
        Stage.GIVEN_UP: 2,
    }
