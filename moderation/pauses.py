"""Stopping a hit's clock, for a reason: it is due later by as long as the clock stood still."""

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from moderation import audit
from moderation.naming import hit_name
from moderation.people import Identity
from moderation.permissions import Permission
from store.hit import Hit

MAX_REASON = 200


class PauseRefused(Exception):
    """A clock that cannot be stopped or started. The message explains it to the person."""


def pause(session: Session, hit_id: int, person: Identity, reason: str, now: datetime) -> None:
    """Stop the clock of an open hit; `next` passes it over until then. Raises PauseRefused."""
    reason = reason.strip()
    if not 1 <= len(reason) <= MAX_REASON:
        raise PauseRefused(f"Say why the clock stops, in up to {MAX_REASON} characters.")
    _may(person)
    paused = session.execute(
        update(Hit)
        .where(Hit.id == hit_id, Hit.state == "open", Hit.paused_at.is_(None))
        .values(paused_at=now, paused_reason=reason, holder_id=None, lease_until=None)
        .returning(Hit.id)
        .execution_options(synchronize_session=False)
    ).first()
    if paused is None:
        raise PauseRefused("This hit is not open, or its clock stands still already.")
    _tell(session, hit_id, person, "hit.paused", {"reason": reason}, now)


def resume(session: Session, hit_id: int, person: Identity, now: datetime) -> None:
    """Let the clock go on from where it stood. Raises PauseRefused."""
    _may(person)
    hit = session.get(Hit, hit_id, with_for_update=True)
    if hit is None or hit.state != "open" or hit.paused_at is None:
        raise PauseRefused("The clock of this hit does not stand still.")
    minutes = round(go_on(hit, now).total_seconds() / 60)
    _tell(session, hit_id, person, "hit.resumed", {"minutes": minutes}, now)


def go_on(hit: Hit, now: datetime) -> timedelta:
    """Let the clock of a hit run again if it was stopped; for how long it stood still."""
    stood = timedelta(0) if hit.paused_at is None else now - hit.paused_at
    hit.due_at += stood
    hit.at_risk_at += stood
    hit.urgent_at += stood
    hit.stood_seconds += round(stood.total_seconds())
    hit.paused_at = hit.paused_reason = None
    return stood


def _may(person: Identity) -> None:
    if not person.may(Permission.PAUSE_CLOCK):
        raise PauseRefused("Your role does not stop clocks.")


def _tell(
    session: Session,
    hit_id: int,
    person: Identity,
    action: str,
    details: dict[str, str | int],
    now: datetime,
) -> None:
    audit.append(
        session,
        at=now,
        actor=person.actor,
        action=action,
        subject=hit_name(hit_id),
        details=details,
    )
