"""Hits that want a lead's eye: those whose clock runs out, and those that somebody hands up."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from moderation import audit
from moderation.naming import hit_name
from moderation.people import Identity
from moderation.permissions import Permission
from store.database import Database
from store.hit import Hit

AT_RISK = "at risk of passing its due time"
MAX_REASON = 200
CHUNK = 500


class EscalationRefused(Exception):
    """A hit that cannot be handed up. The message explains it to the person."""


def escalate_late(database: Database, now: datetime) -> int:
    """Escalate every open hit that is at risk, in chunks, each in its own transaction; how many.

    Anybody may go on deciding them; what changes is that leads see them listed.
    """
    count = 0
    while done := _escalate_chunk(database, now):
        count += done
    return count


def _escalate_chunk(database: Database, now: datetime) -> int:
    with database.write() as session:
        late = (
            select(Hit.id)
            .where(
                Hit.state == "open",
                Hit.at_risk_at <= now,
                Hit.escalated_at.is_(None),
                Hit.paused_at.is_(None),
            )
            .order_by(Hit.at_risk_at)
            .limit(CHUNK)
            .with_for_update(skip_locked=True)
        )
        ids = list(session.scalars(late))
        if ids:
            session.execute(
                update(Hit)
                .where(Hit.id.in_(ids))
                .values(escalated_at=now, escalated_reason=AT_RISK)
                .execution_options(synchronize_session=False)
            )
        for hit_id in sorted(ids):
            audit.append(
                session,
                at=now,
                actor="system:clock",
                action="hit.escalated",
                subject=hit_name(hit_id),
                details={"reason": AT_RISK},
            )
        return len(ids)


def hand_up(session: Session, hit_id: int, person: Identity, reason: str, now: datetime) -> None:
    """Put one's hit before a lead, who alone can claim it then. Raises EscalationRefused."""
    reason = reason.strip()
    if not 1 <= len(reason) <= MAX_REASON:
        raise EscalationRefused(f"Say what the lead should know, in up to {MAX_REASON} characters.")
    if not person.may(Permission.CLAIM):
        raise EscalationRefused("Your role does not work on hits.")
    handed = session.execute(
        update(Hit)
        .where(
            Hit.id == hit_id,
            Hit.state == "open",
            Hit.holder_id == person.id,
            Hit.lease_until > now,
        )
        .values(
            escalated_at=now,
            escalated_reason=reason,
            for_lead=True,
            holder_id=None,
            lease_until=None,
        )
        .returning(Hit.id)
        .execution_options(synchronize_session=False)
    ).first()
    if handed is None:
        raise EscalationRefused("You no longer hold this hit, so it cannot be handed up.")
    audit.append(
        session,
        at=now,
        actor=person.actor,
        action="hit.escalated",
        subject=hit_name(hit_id),
        details={"reason": reason},
    )
