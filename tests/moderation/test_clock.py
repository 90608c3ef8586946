"""On time, at risk, breached: each from its own moment on."""

from datetime import timedelta

import pytest

from moderation.clock import ClockState, clock_state
from tests.world import START


@pytest.mark.parametrize(
    ("minutes", "state"),
    [
        (-1, ClockState.ON_TIME),
        (59.99, ClockState.ON_TIME),
        (60, ClockState.AT_RISK),
        (89.99, ClockState.AT_RISK),
        (90, ClockState.BREACHED),
        (9_000, ClockState.BREACHED),
    ],
)
def test_a_state_begins_at_its_moment(minutes: float, state: ClockState) -> None:
    at_risk, due = START + timedelta(minutes=60), START + timedelta(minutes=90)
    assert clock_state(at_risk, due, START + timedelta(minutes=minutes)) is state
