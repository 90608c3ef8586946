"""The deliveries page: what is on its way, what arrived, what was given up."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moderation.evidence import DeliveryFacts, delivery_facts
from moderation.paging import Page, number_cursor, page_of
from store.delivery import Delivery

STATES = ("waiting", "sending", "delivered", "failed", "cancelled")


def rows(
    session: Session, *, state: str | None, cursor: str | None, size: int
) -> Page[DeliveryFacts]:
    """One page of deliveries, newest first; `state` is one of STATES or None for all."""
    query = select(Delivery).order_by(Delivery.id.desc()).limit(size + 1)
    if state in STATES:
        query = query.where(Delivery.state == state)
    before = number_cursor(cursor)
    if before is not None:
        query = query.where(Delivery.id < before)
    found = [delivery_facts(row) for row in session.scalars(query)]
    return page_of(found, size, lambda row: str(row.id))


def counts(session: Session) -> dict[str, int]:
    """How many deliveries are in each state."""
    query = select(Delivery.state, func.count()).group_by(Delivery.state)
    found = {row[0]: row[1] for row in session.execute(query)}
    return {state: found.get(state, 0) for state in STATES}
