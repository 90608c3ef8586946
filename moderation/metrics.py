"""First figures for leads: what waits, what was decided, and how the clock was kept. Read only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session, aliased

from moderation import delivery_list
from moderation.clock import has_passed
from moderation.counting import Count
from moderation.decisions import Verdict
from moderation.delivery_list import Stage
from store.hit import Decision, Hit, Undo

DAYS = 14
SAMPLE = 5_000  # newest first decisions that the median is taken of


@dataclass(frozen=True, slots=True)
class Day:
    """Decisions of one UTC day that were not undone, by verdict, and hits opened."""

    day: date
    opened: int
    confirm: int
    remove: int
    dispute: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything on the leads' page. `median_minutes` from opening to first decision."""

    open: int
    at_risk: int
    breached: int
    decided: int
    late: int
    median_minutes: float | None
    deliveries: Mapping[Stage, Count]
    days: tuple[Day, ...]

    @property
    def on_time_share(self) -> float | None:
        """Share of decided hits that were decided before they were due."""
        return None if self.decided == 0 else 1 - self.late / self.decided


def figures(session: Session, now: datetime) -> Figures:
    """The figures at `now`, the last DAYS days by UTC day."""
    since = (now - timedelta(days=DAYS - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
    decided = (
        select(func.count())
        .select_from(Decision)
        .join(Hit, Hit.id == Decision.hit_id)
        .where(_is_first(), Decision.decided_at >= since)
    )
    return Figures(
        open=_count(session, Hit.state == "open"),
        at_risk=_count(
            session,
            Hit.state == "open",
            has_passed(Hit.at_risk_at, now),
            ~has_passed(Hit.due_at, now),
        ),
        breached=_count(session, Hit.state == "open", has_passed(Hit.due_at, now)),
        decided=session.scalar(decided) or 0,
        late=session.scalar(decided.where(Decision.decided_at > Hit.due_at)) or 0,
        median_minutes=_median(session, since),
        deliveries=delivery_list.counts(session, now),
        days=_days(session, since, now),
    )


def _is_first() -> ColumnElement[bool]:
    """The condition on Decision: the first of its hit that stood, not undone like those before."""
    earlier = aliased(Decision)
    stood_before = exists().where(
        earlier.hit_id == Decision.hit_id,
        earlier.ordinal < Decision.ordinal,
        ~exists().where(Undo.decision_id == earlier.id),
    )
    return ~stood_before & ~exists().where(Undo.decision_id == Decision.id)


def _count(session: Session, *conditions: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(Hit).where(*conditions)
    return session.scalar(query) or 0


def _median(session: Session, since: datetime) -> float | None:
    query = (
        select(Hit.opened_at, Decision.decided_at)
        .join(Hit, Hit.id == Decision.hit_id)
        .where(_is_first(), Decision.decided_at >= since)
        .order_by(Decision.id.desc())
        .limit(SAMPLE)
    )
    minutes = [(row[1] - row[0]).total_seconds() / 60 for row in session.execute(query)]
    return median(minutes) if minutes else None


def _days(session: Session, since: datetime, now: datetime) -> tuple[Day, ...]:
    starts = [since + timedelta(days=number) for number in range((now - since).days + 1)]
    return tuple(_day(session, start, start + timedelta(days=1)) for start in starts)


def _day(session: Session, start: datetime, end: datetime) -> Day:
    opened = _count(session, Hit.opened_at >= start, Hit.opened_at < end)
    query = (
        select(Decision.verdict, func.count())
        .outerjoin(Undo, Undo.decision_id == Decision.id)
        .where(Decision.decided_at >= start, Decision.decided_at < end, Undo.id.is_(None))
        .group_by(Decision.verdict)
    )
    verdicts = {row[0]: row[1] for row in session.execute(query)}
    return Day(start.date(), opened, *(verdicts.get(verdict, 0) for verdict in Verdict))
