"""Step 7, outbox: send what is due, try again, give up where everybody can see it.

A sending is three steps: mark it, send it, keep the answer. A process that dies in between
leaves it marked; when the mark is old it is sent again, which is harmless: a vote replaces itself
and the platform knows the idempotency key. An answer counts only while its mark stands. A
destination that does not answer has its circuit opened (moderation.circuit).
"""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from config.policy import Outbox
from exchange.errors import ExchangeError, Unavailable
from exchange.records import Receipt
from moderation import audit, circuit
from store.database import Database
from store.delivery import Delivery, Destination

log = logging.getLogger(__name__)

OPEN_STATES = ("waiting", "sending")
JITTER = 0.2


class RetryRefused(Exception):
    """A delivery cannot be sent again. The message explains it to the person."""


@dataclass(frozen=True, slots=True)
class Order:
    """One delivery as its sender needs it. After `until` it is taken for lost."""

    id: int
    source_id: int | None
    action: str
    body: dict[str, Any]
    idempotency_key: str
    created_at: datetime
    until: datetime


Send = Callable[[Order], Receipt]


def destinations_due(database: Database, now: datetime) -> list[str]:
    """Where something is to be sent now."""
    left_alone = exists().where(
        Destination.name == Delivery.destination, Destination.retry_at > now
    )
    query = select(Delivery.destination).where(*_is_due(now), ~left_alone).distinct()
    with database.read() as session:
        return sorted(session.scalars(query))


def due(database: Database, destination: str, now: datetime, limit: int = 100) -> list[int]:
    """Ids of deliveries to send to `destination` now, those that are due longest first.

    None while its circuit is open, and one when it may try again.
    """
    with database.read() as session:
        state = circuit.of(session, destination, now)
    if state.open:
        return []
    query = (
        select(Delivery.id)
        .where(*_is_due(now), Delivery.destination == destination)
        .order_by(Delivery.next_attempt_at, Delivery.id)
        .limit(1 if state.trying else limit)
    )
    with database.read() as session:
        return list(session.scalars(query))


def _is_due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Its time has come, or it was marked so long ago that it was lost; and nothing older about
    the same subject is still to be sent, so that order holds."""
    older = aliased(Delivery)
    return (
        Delivery.state.in_(OPEN_STATES),
        Delivery.next_attempt_at <= now,
        ~exists().where(
            older.destination == Delivery.destination,
            older.subject == Delivery.subject,
            older.id < Delivery.id,
            older.state.in_(OPEN_STATES),
        ),
    )


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
        _failed(database, order, error, rules, clock())
        return False
    return _delivered(database, order, receipt, clock())


def retry(session: Session, delivery_id: int, actor: str, now: datetime) -> None:
    """Let a delivery that was given up start over, at once.

    Raises RetryRefused for any other, and for one that a later delivery about the same subject
    has overtaken: sending it now would say something that is no longer so. What one decision says
    goes together, so that none of it overtakes the rest.
    """
    later = aliased(Delivery)
    overtaken = session.scalar(
        select(later.id)
        .join(
            Delivery,
            (Delivery.destination == later.destination) & (Delivery.subject == later.subject),
        )
        .where(
            Delivery.id == delivery_id,
            later.id > delivery_id,
            later.state != "cancelled",
            or_(
                later.decision_id.is_(None),
                later.decision_id.is_distinct_from(Delivery.decision_id),
            ),
        )
        .limit(1)
    )
    if overtaken is not None:
        raise RetryRefused("A later delivery about the same subject has overtaken this one.")
    changed = session.execute(
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state == "given-up")
        .values(state="waiting", attempts=0, next_attempt_at=now)
        .returning(Delivery.id, Delivery.destination)
        .execution_options(synchronize_session=False)
    ).first()
    if changed is None:
        raise RetryRefused("Only a delivery that was given up can be sent again.")
    circuit.close(session, changed.destination)
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
        if row.attempts >= rules.attempts:  # its last sending was lost as well
            row.answer_status, row.answer = None, "no sending of it was ever ended"
            _give_up(session, row, now)
            return None
        if circuit.of(session, row.destination, now).open:
            return None
        row.state = "sending"
        row.attempts += 1
        row.next_attempt_at = now + timedelta(seconds=rules.sending_seconds)
        return Order(
            id=row.id,
            source_id=row.source_id,
            action=row.action,
            body=dict(row.body),
            idempotency_key=row.idempotency_key,
            created_at=row.created_at,
            until=row.next_attempt_at,
        )


def _marked(session: Session, order: Order) -> Delivery | None:
    """The delivery, if the mark of this sending still stands on it."""
    row = session.get_one(Delivery, order.id, with_for_update=True)
    return row if (row.state, row.next_attempt_at) == ("sending", order.until) else None


def _delivered(database: Database, order: Order, receipt: Receipt, now: datetime) -> bool:
    with database.write() as session:
        row = _marked(session, order)
        if row is None:
            return False
        row.state, row.delivered_at = "delivered", now
        row.answer_status, row.answer = receipt.status, receipt.note
        circuit.note_answer(session, row.destination, now)
        _tell(session, row, "delivery.delivered", now)
        return True


def _failed(
    database: Database, order: Order, error: ExchangeError, rules: Outbox, now: datetime
) -> None:
    with database.write() as session:
        row = _marked(session, order)
        if row is None:
            return
        row.answer_status, row.answer = error.status, str(error)
        circuit.note_failure(session, row.destination, error, rules, now)
        if isinstance(error, Unavailable) and row.attempts < rules.attempts:
            row.state = "waiting"
            row.next_attempt_at = now + backoff(row.attempts, rules, error.retry_after)
        else:
            _give_up(session, row, now)


def _give_up(session: Session, row: Delivery, now: datetime) -> None:
    row.state = "given-up"
    log.error("delivery %d to %s was given up", row.id, row.destination)
    _tell(session, row, "delivery.given-up", now)


def _tell(session: Session, row: Delivery, action: str, now: datetime) -> None:
    audit.append(
        session,
        at=now,
        actor="system:outbox",
        action=action,
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
