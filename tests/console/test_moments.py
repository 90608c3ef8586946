"""Times are said in UTC and in the largest unit, whatever the machine's time zone."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
import time_machine

from console.moments import absolute, machine, minutes_until, relative

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(hours=3, minutes=59), "in 3 hours"),
        (timedelta(days=1), "in 1 day"),
        (timedelta(minutes=1), "in 1 minute"),
        (timedelta(seconds=59), "in less than a minute"),
        (timedelta(0), "just now"),
        (timedelta(seconds=-59), "just now"),
        (timedelta(minutes=-5), "5 minutes ago"),
        (timedelta(days=-400), "400 days ago"),
    ],
)
def test_relative(distance: timedelta, words: str) -> None:
    with time_machine.travel(NOW, tick=False):
        assert relative(NOW + distance) == words


@pytest.mark.parametrize("words", [relative, absolute, machine, minutes_until])
def test_a_naive_time_is_refused(words: Callable[[datetime], object]) -> None:
    with pytest.raises(TypeError):
        words(datetime(2026, 3, 1))  # noqa: DTZ001 - the fault that is planted


def test_the_record_is_utc_wherever_the_time_came_from() -> None:
    there = datetime(2026, 3, 1, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert absolute(there) == "2 Mar 2026, 04:30 UTC"
    assert machine(there) == "2026-03-02T04:30:00Z"


@pytest.mark.parametrize(("seconds", "minutes"), [(-5, 0), (0, 0), (1, 1), (60, 1), (61, 2)])
def test_a_lease_never_shows_less_than_it_has(seconds: int, minutes: int) -> None:
    with time_machine.travel(NOW, tick=False):
        assert minutes_until(NOW + timedelta(seconds=seconds)) == minutes
