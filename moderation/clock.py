"""The clock of a hit: on time, at risk, breached."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import InstrumentedAttribute

from store.hit import Hit


class ClockState(StrEnum):
    """How a hit stands against its due time."""

    ON_TIME = "on-time"
    AT_RISK = "at-risk"
    BREACHED = "breached"


def clock_state(at_risk_at: datetime, due_at: datetime, now: datetime) -> ClockState:
    """How a hit stands at `now`: at risk from `at_risk_at`, breached from `due_at`."""
    if now >= due_at:
        return ClockState.BREACHED
    if now >= at_risk_at:
        return ClockState.AT_RISK
    return ClockState.ON_TIME


def has_passed(moment: InstrumentedAttribute[datetime], now: datetime) -> ColumnElement[bool]:
    """The condition on Hit: its clock, which may stand still, has come to `moment`."""
    return (moment <= now) & or_(Hit.paused_at.is_(None), moment <= Hit.paused_at)
