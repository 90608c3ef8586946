"""Deliveries as people see them: what is on its way, what arrived, what was given up, and whom we
do not reach. What was said is shown by ids and words; a fingerprint was never in it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from moderation.counting import Count, capped
from moderation.naming import decision_name, hit_name
from moderation.paging import Page, number_cursor, page_of
from store.delivery import Delivery
from store.source import DisputeReason


class Stage(StrEnum):
    """How far a delivery has come. Held ones can still be undone; failed ones are tried again."""

    HELD = "held"
    DUE = "due"
    SENDING = "sending"
    FAILED = "failed"
    DELIVERED = "delivered"
    GIVEN_UP = "given-up"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class DeliveryFacts:
    """One message to the outside."""

    id: int
    hit: str
    hit_id: int
    decision: str | None
    destination: str
    subject: str
    action: str
    stage: Stage
    attempts: int
    created_at: datetime
    next_attempt_at: datetime
    delivered_at: datetime | None
    answer_status: int | None
    answer: str
    key: str


def rows(
    session: Session,
    *,
    stage: Stage | None,
    destination: str | None,
    cursor: str | None,
    size: int,
    now: datetime,
) -> Page[DeliveryFacts]:
    """One page of deliveries, newest first; None for every stage and every destination."""
    query = select(Delivery).order_by(Delivery.id.desc()).limit(size + 1)
    if stage is not None:
        query = query.where(_at(stage, now))
    if destination:
        query = query.where(Delivery.destination == destination)
    before = number_cursor(cursor)
    if before is not None:
        query = query.where(Delivery.id < before)
    found = [_facts(row, now) for row in session.scalars(query)]
    return page_of(found, size, lambda row: str(row.id))


def counts(session: Session, now: datetime) -> dict[Stage, Count]:
    """How many deliveries are at each stage."""
    return {stage: capped(session, select(Delivery.id).where(_at(stage, now))) for stage in Stage}


def given_up(session: Session) -> Count:
    """How many wait for a person to send them again."""
    return capped(session, select(Delivery.id).where(Delivery.state == Stage.GIVEN_UP))


def of_hit(session: Session, hit_id: int, now: datetime) -> Iterator[DeliveryFacts]:
    """What was told about one hit, oldest first."""
    query = select(Delivery).where(Delivery.hit_id == hit_id).order_by(Delivery.id)
    for row in session.scalars(query):
        yield _facts(row, now)


def one(
    session: Session, delivery_id: int, now: datetime
) -> tuple[DeliveryFacts, Mapping[str, str]] | None:
    """One delivery and what it says, in words; None if there is no such delivery."""
    row = session.get(Delivery, delivery_id)
    return (_facts(row, now), dict(_said(session, row))) if row else None


def _at(stage: Stage, now: datetime) -> ColumnElement[bool]:
    waiting = Delivery.state == "waiting"
    match stage:
        case Stage.HELD:
            return and_(waiting, Delivery.attempts == 0, Delivery.next_attempt_at > now)
        case Stage.DUE:
            return and_(waiting, Delivery.next_attempt_at <= now)
        case Stage.FAILED:
            return and_(waiting, Delivery.attempts > 0, Delivery.next_attempt_at > now)
        case _:
            return Delivery.state == stage


def _stage(row: Delivery, now: datetime) -> Stage:
    if row.state != "waiting":
        return Stage(row.state)
    if row.next_attempt_at <= now:
        return Stage.DUE
    return Stage.FAILED if row.attempts else Stage.HELD


def _facts(row: Delivery, now: datetime) -> DeliveryFacts:
    return DeliveryFacts(
        id=row.id,
        hit=hit_name(row.hit_id),
        hit_id=row.hit_id,
        decision=decision_name(row.decision_id) if row.decision_id else None,
        destination=row.destination,
        subject=row.subject,
        action=row.action,
        stage=_stage(row, now),
        attempts=row.attempts,
        created_at=row.created_at,
        next_attempt_at=row.next_attempt_at,
        delivered_at=row.delivered_at,
        answer_status=row.answer_status,
        answer=row.answer,
        key=row.idempotency_key,
    )


def _said(session: Session, row: Delivery) -> Iterator[tuple[str, str]]:
    body = row.body
    if row.source_id is None:
        yield "Action", row.action
        yield "Content", body["content_id"]
        return
    yield "Member", body["member_id"]
    yield "Entry", body["entry_id"]
    yield "Algorithm", body["algorithm"]
    yield "Outcome", body["vote"] or "a match that waits for a decision"
    if body["reason_ids"]:
        query = select(DisputeReason.name).where(
            DisputeReason.source_id == row.source_id,
            DisputeReason.algorithm == body["algorithm"],
            DisputeReason.reason_id.in_(body["reason_ids"]),
        )
        yield "Reason", "; ".join(session.scalars(query)) or "; ".join(body["reason_ids"])
    if body["tags"]:
        yield "Tags", ", ".join(body["tags"])
