"""The outbox's rows: planned with what they tell of, in its transaction, and cancelled with it."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select, update
from sqlalchemy.orm import Session

from store.delivery import Delivery
from store.hit import Decision, Hit

UNSENT = ("waiting", "given-up")


@dataclass(frozen=True, slots=True)
class Message:
    """One message to plan: to whom, about what, saying what. Held for `held` before it leaves."""

    destination: str
    source_id: int | None
    subject: str
    action: str
    body: dict[str, Any]
    held: timedelta


def plan(
    session: Session,
    hit: Hit,
    decision: Decision | None,
    messages: Iterable[Message],
    now: datetime,
) -> list[str]:
    """Put `messages` into the outbox, in the caller's transaction; their idempotency keys."""
    keys = []
    for message in messages:
        key = secrets.token_hex(16)
        session.add(
            Delivery(
                hit_id=hit.id,
                decision_id=decision.id if decision else None,
                source_id=message.source_id,
                destination=message.destination,
                subject=message.subject,
                action=message.action,
                body=message.body,
                idempotency_key=key,
                state="waiting",
                next_attempt_at=now + message.held,
                created_at=now,
            )
        )
        keys.append(key)
    session.flush()
    return keys


def cancel(session: Session, hit: Hit) -> list[str]:
    """Cancel what was planned about a hit and has not arrived; the keys of what it was.

    One that is being sent now is left: whatever is planned next about the same leaves after it.
    """
    rows = session.execute(
        update(Delivery)
        .where(Delivery.hit_id == hit.id, Delivery.state.in_(UNSENT))
        .values(state="cancelled")
        .returning(Delivery.idempotency_key)
        .execution_options(synchronize_session=False)
    )
    return sorted(rows.scalars())


def has_left(session: Session, decision: Decision) -> bool:
    """Whether anything that a decision tells a registry may have reached it."""
    return bool(
        session.scalar(
            select(
                exists().where(
                    Delivery.decision_id == decision.id,
                    Delivery.source_id.is_not(None),
                    _was_tried(),
                )
            )
        )
    )


def is_said() -> ColumnElement[bool]:
    """The condition on Delivery: the other side has heard it, will hear it, or may have: what was
    cancelled after a try whose answer was lost may have arrived all the same."""
    return or_(Delivery.state != "cancelled", _was_tried())


def _was_tried() -> ColumnElement[bool]:
    """Attempts start over when a person sends it again; the last answer stays."""
    return or_(Delivery.attempts > 0, Delivery.answer != "")
