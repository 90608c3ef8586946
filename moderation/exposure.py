"""How much somebody has decided today, when a pause is due, and when it is enough for a day.

Counted from the decisions and shown to nobody but the person. Leads set limits and see totals over
all people, and those only where they are of so many that they tell nothing of one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.policy import ExposureRules, Policy
from moderation import audit
from moderation.people import Identity
from moderation.permissions import Permission, may
from store.exposure import Exposure
from store.hit import Decision
from store.person import Person

MOST_HITS = 10_000
MOST_MINUTES = 24 * 60
READ = 20_000  # decisions of one day, at most; nobody makes as many
TELLS_OF_NOBODY = 3  # people that a total must be of


class LimitRefused(ValueError):
    """A limit cannot be set so. Says why."""


@dataclass(frozen=True, slots=True)
class Own:
    """A person's own figures. A row ends with a gap as long as a pause, or with "I am back".

    Minutes are those between decisions that follow each other within a row. `offer` says that a
    pause is offered; `paused_at` stands while the person is on one.
    """

    row_hits: int
    row_minutes: int
    today_hits: int
    today_minutes: int
    daily_hits: int | None
    daily_minutes: int | None
    offer: bool
    paused_at: datetime | None


@dataclass(frozen=True, slots=True)
class Limits:
    """One person's limits for a day, None where there is none."""

    login: str
    name: str
    daily_hits: int | None
    daily_minutes: int | None


@dataclass(frozen=True, slots=True)
class Totals:
    """What all people together decided today."""

    people: int
    hits: int


def own(session: Session, person: Identity, policy: Policy, now: datetime) -> Own:
    """The figures of `person` at `now`, for their eyes only."""
    rules = policy.exposure
    held = session.get(Exposure, person.id)
    times = _decided(session, person.id, day_start(now, rules))
    back_at = held.back_at if held else None
    row = _row(times, rules.break_length, back_at, now)
    paused_at = _paused(held, times)
    row_minutes = _minutes(row, rules.break_length)
    due = len(row) >= rules.pause_after_hits or row_minutes >= rules.pause_after_minutes
    return Own(
        row_hits=len(row),
        row_minutes=row_minutes,
        today_hits=len(times),
        today_minutes=_minutes(times, rules.break_length),
        daily_hits=held.daily_hits if held else None,
        daily_minutes=held.daily_minutes if held else None,
        offer=due and paused_at is None,
        paused_at=paused_at,
    )


def may_claim(session: Session, person: Identity, policy: Policy, now: datetime) -> str | None:
    """Why this person shall claim no more today, in words for them; None where they may."""
    held = session.get(Exposure, person.id)
    if held is None or (held.daily_hits is None and held.daily_minutes is None):
        return None
    today = own(session, person, policy, now)
    enough = None
    if today.daily_hits is not None and today.today_hits >= today.daily_hits:
        enough = f"You have decided {today.today_hits} hits today"
    elif today.daily_minutes is not None and today.today_minutes >= today.daily_minutes:
        enough = f"You have worked on hits for {today.today_minutes} minutes today"
    if enough is None:
        return None
    return (
        f"{enough}, and that is enough for one day. What waits is in good hands with your "
        "colleagues. Ask a lead if the limit does not fit your day."
    )


def pause(session: Session, person: Identity, now: datetime) -> None:
    """Begin a pause."""
    _held(session, person.id).paused_at = now


def back(session: Session, person: Identity, now: datetime) -> None:
    """End the pause; the row begins anew."""
    _held(session, person.id).back_at = now


def limits(session: Session) -> Sequence[Limits]:
    """The limits of everybody who may decide, by name. No figures of anybody."""
    query = (
        select(Person, Exposure)
        .outerjoin(Exposure, Exposure.person_id == Person.id)
        .where(Person.active.is_(True))
        .order_by(Person.name, Person.login)
    )
    return [
        Limits(
            person.login,
            person.name,
            held.daily_hits if held else None,
            held.daily_minutes if held else None,
        )
        for person, held in session.execute(query)
        if may(person.role, Permission.DECIDE)
    ]


def set_limits(
    session: Session,
    login: str,
    *,
    hits: int | None,
    minutes: int | None,
    actor: str,
    now: datetime,
) -> None:
    """Set how much somebody shall decide in a day; None for no limit. LimitRefused if it cannot."""
    if hits is not None and not 1 <= hits <= MOST_HITS:
        raise LimitRefused(f"Hits a day: a number from 1 to {MOST_HITS:,}, or nothing.")
    if minutes is not None and not 1 <= minutes <= MOST_MINUTES:
        raise LimitRefused(f"Minutes a day: a number from 1 to {MOST_MINUTES:,}, or nothing.")
    person = session.scalar(select(Person).where(Person.login == login))
    if person is None or not may(person.role, Permission.DECIDE):
        raise LimitRefused("There is nobody with this login who decides hits.")
    held = _held(session, person.id)
    if (held.daily_hits, held.daily_minutes) == (hits, minutes):
        return
    held.daily_hits, held.daily_minutes = hits, minutes
    audit.append(
        session,
        at=now,
        actor=actor,
        action="person.limits",
        subject=f"person:{login}",
        details={"hits": hits, "minutes": minutes},
    )


def totals(session: Session, policy: Policy, now: datetime) -> Totals | None:
    """What was decided today by all people; None while they are too few to stand for nobody."""
    query = select(func.count(), func.count(Decision.person_id.distinct())).where(
        Decision.decided_at >= day_start(now, policy.exposure), Decision.person_id.is_not(None)
    )
    hits, people = session.execute(query).one()
    return Totals(people, hits) if people >= TELLS_OF_NOBODY else None


def day_start(now: datetime, rules: ExposureRules) -> datetime:
    """When the day began that `now` belongs to, UTC."""
    start = now.replace(hour=rules.day_begins_hour, minute=0, second=0, microsecond=0)
    return start if start <= now else start - timedelta(days=1)


def _decided(session: Session, person_id: int, since: datetime) -> Sequence[datetime]:
    query = (
        select(Decision.decided_at)
        .where(Decision.person_id == person_id, Decision.decided_at >= since)
        .order_by(Decision.decided_at)
        .limit(READ)
    )
    return session.scalars(query).all()


def _row(
    times: Sequence[datetime], gap: timedelta, back_at: datetime | None, now: datetime
) -> Sequence[datetime]:
    """The last decisions that no pause lies between, nor between the last one and now."""
    start = len(times)
    following = now
    while start and following - times[start - 1] < gap:
        if back_at is not None and times[start - 1] <= back_at:
            break
        start -= 1
        following = times[start]
    return times[start:]


def _minutes(times: Sequence[datetime], gap: timedelta) -> int:
    """Whole minutes between those that follow each other within less than `gap`."""
    between = [later - one for one, later in pairwise(times)]
    return sum((one for one in between if one < gap), timedelta()) // timedelta(minutes=1)


def _paused(held: Exposure | None, times: Sequence[datetime]) -> datetime | None:
    """Since when the person is on a pause. Whoever decides, or said so, is back."""
    if held is None or held.paused_at is None:
        return None
    back = held.back_at is not None and held.back_at >= held.paused_at
    return None if back or (times and times[-1] > held.paused_at) else held.paused_at


def _held(session: Session, person_id: int) -> Exposure:
    held = session.get(Exposure, person_id)
    if held is None:
        held = Exposure(person_id=person_id)
        session.add(held)
    return held
