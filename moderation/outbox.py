"""Step 7, outbox: send what is due, try again, give up where everybody can see it.

A sending is three steps: mark it, send it, keep the answer. A process that dies in between
leaves it marked; when the mark is old it is sent again, which is harmless: a vote replaces itself
and the platform knows the idempotency key.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import Session, aliased

from config.policy import Outbox
from exchange.errors import ExchangeError, Unavailable
from exchange.records import Receipt
from moderation import audit
from store.database import Database
from store.delivery import Delivery

OPEN_STATES = ("waiting", "sending")
JITTER = 0.2


class RetryRefused(Exception):
    """A delivery cannot be sent again. The message explains it to the person."""


@dataclass(frozen=True, slots=True)
class Order:
    """One delivery as its sender needs it."""

    id: int
    source_id: int | None
    action: str
    body: dict[str, Any]
    idempotency_key: str
    created_at: datetime


Send = Callable[[Order], Receipt]


def destinations_due(database: Database, now: datetime) -> list[str]:
    """Where something is to be sent now: due, or marked so long ago that it was lost."""
    query = select(Delivery.destination).where(*_is_due(now)).distinct()
    with database.read() as session:
        return sorted(session.scalars(query))


def due(database: Database, destination: str, now: datetime, limit: int = 100) -> list[int]:
    """Ids of deliveries to send to `destination` now, oldest first.

    Of those about the same subject only the first is named, so that order holds.
    """
    earlier = aliased(Delivery)
    query = (
        select(Delivery.id)
        .where(
            *_is_due(now),
            Delivery.destination == destination,
            ~exists().where(
                earlier.destination == Delivery.destination,
                earlier.subject == Delivery.subject,
                earlier.id < Delivery.id,
                earlier.state.in_(OPEN_STATES),
            ),
        )
        .order_by(Delivery.next_attempt_at, Delivery.id)
        .limit(limit)
    )
    with database.read() as session:
        return list(session.scalars(query))


def _is_due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return Delivery.state.in_(OPEN_STATES), Delivery.next_attempt_at <= now


def deliver(
    database: Database, delivery_id: int, send: Send, rules: Outbox, clock: Callable[[], datetime]
) -> bool:
    """Send one delivery if it is due; whether it was delivered.

    Never raises for what the other side does: the state says how it went.
    """
    order = _mark(database, delivery_id, rules, clock())
    if order is None:
        return False
    try:
        receipt = send(order)
    except ExchangeError as error:
        _failed(database, order.id, error, rules, clock())
        return False
    _delivered(database, order.id, receipt, clock())
    return True


def retry(session: Session, delivery_id: int, actor: str, now: datetime) -> None:
    """Let a delivery that was given up start over.

    Raises RetryRefused for any other, and for one that a later delivery about the same subject
    has overtaken: sending it now would say something that is no longer so.
    """
    later = aliased(Delivery)
    overtaken = session.scalar(
        select(later.id)
        .join(
            Delivery,
            (Delivery.destination == later.destination) & (Delivery.subject == later.subject),
        )
        .where(Delivery.id == delivery_id, later.id > delivery_id, later.state != "cancelled")
        .limit(1)
    )
    if overtaken is not None:
        raise RetryRefused("A later delivery about the same subject has overtaken this one.")
    changed = session.execute(
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state == "failed")
        .values(state="waiting", attempts=0, next_attempt_at=now)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    ).first()
    if changed is None:
        raise RetryRefused("Only a delivery that was given up can be sent again.")
    audit.append(
        session, at=now, actor=actor, action="delivery.retried", subject=f"delivery:{delivery_id}"
    )


def _mark(database: Database, delivery_id: int, rules: Outbox, now: datetime) -> Order | None:
    with database.write() as session:
        row = session.scalar(
            select(Delivery)
            .where(
                Delivery.id == delivery_id,
                Delivery.state.in_(OPEN_STATES),
                Delivery.next_attempt_at <= now,
            )
            .with_for_update()
        )
        if row is None:
            return None
        row.state = "sending"
        row.attempts += 1
        row.next_attempt_at = now + timedelta(seconds=rules.sending_seconds)
        return Order(
            row.id, row.source_id, row.action, dict(row.body), row.idempotency_key, row.created_at
        )


def _delivered(database: Database, delivery_id: int, receipt: Receipt, now: datetime) -> None:
    with database.write() as session:
        row = session.get_one(Delivery, delivery_id, with_for_update=True)
        row.state, row.delivered_at = "delivered", now
        row.answer_status, row.answer = receipt.status, receipt.note
        audit.append(
            session,
            at=now,
            actor="system:outbox",
            action="delivery.delivered",
            subject=f"delivery:{row.id}",
            details=_facts(row),
        )


def _failed(
    database: Database, delivery_id: int, error: ExchangeError, rules: Outbox, now: datetime
) -> None:
    with database.write() as session:
        row = session.get_one(Delivery, delivery_id, with_for_update=True)
        row.answer_status, row.answer = error.status, str(error)
        if isinstance(error, Unavailable) and row.attempts < rules.attempts:
            row.state = "waiting"
            row.next_attempt_at = now + backoff(row.attempts, rules, error.retry_after)
            return
        row.state = "failed"
        audit.append(
            session,
            at=now,
            actor="system:outbox",
            action="delivery.failed",
            subject=f"delivery:{row.id}",
            details=_facts(row),
        )


def backoff(attempts: int, rules: Outbox, retry_after: float | None) -> timedelta:
    """How long to wait after `attempts` tries: doubling, with jitter, never less than asked."""
    doubled = rules.first_retry_seconds * 2.0 ** min(attempts - 1, 30)
    seconds = min(doubled, rules.longest_retry_seconds)
    seconds *= 1 + random.uniform(-JITTER, JITTER)  # noqa: S311 - spreads load, guards nothing
    return timedelta(seconds=max(seconds, retry_after or 0))


def _facts(row: Delivery) -> dict[str, Any]:
    return {
        "destination": row.destination,
        "about": row.subject,
        "action": row.action,
        "key": row.idempotency_key,
        "attempts": row.attempts,
        "status": row.answer_status,
        "answer": row.answer,
    }
