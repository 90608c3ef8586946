"""The queue as people see it: filtered, in order of urgency, a page at a time."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload, selectinload

from config.policy import Policy
from moderation.clock import ClockState, clock_state, has_passed
from moderation.counting import CAP, Count, capped
from moderation.naming import hit_name
from moderation.paging import Page
from moderation.people import Identity
from moderation.queue_filters import (
    Filters,
    Nearness,
    View,
    conditions,
    in_view,
    nearness,
)
from moderation.queue_order import Order, order_of, window_end
from store.entry import Entry
from store.hit import Hit, Match

__all__ = ["Counts", "Filters", "Nearness", "QueueRow", "View", "counts", "nearness", "rows"]


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One hit in the list."""

    id: int
    name: str
    state: str
    verdict: str | None
    content_id: str
    kind: str
    surface: str | None
    sources: tuple[str, ...]
    classification: str
    nearness: Nearness
    nearest: int
    algorithms: tuple[str, ...]
    matches: int
    priority: int
    priority_reasons: tuple[str, ...]
    opened_at: datetime
    due_at: datetime
    closed_at: datetime | None
    clock: ClockState
    holder: str | None
    mine: bool
    cursor: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is to do, counted to a cap."""

    open: Count
    mine: Count
    at_risk: Count
    breached: Count


def rows(
    session: Session,
    filters: Filters,
    person: Identity,
    policy: Policy,
    *,
    cursor: str | None,
    size: int,
    now: datetime,
) -> Page[QueueRow]:
    """One page of hits. Open ones by urgency, closed ones the last closed first.

    A page that found fewer than `size` has a following one all the same where the filters let so
    little through that it looked at all it may.
    """
    order = order_of(filters.view)
    asked = conditions(session, filters, policy, now)
    view = in_view(filters.view, person, now, indexed=not asked.few)
    place = order.position(cursor)
    here = (*view, order.after(place)) if place else view
    end = window_end(session, order, here) if asked.clauses and not asked.few else None
    within = (order.upto(end),) if end else ()
    query = order.sorted(select(Hit).where(*here, *within, *asked.clauses)).limit(size + 1)
    hits = list(session.scalars(_whole(query)))
    found = tuple(_row(hit, person, policy, order, now) for hit in hits[:size])
    if len(hits) > size:
        return Page(found, size, found[-1].cursor)
    return Page(found, size, order.cursor(end) if end else None)


def _whole(query: Select[Hit]) -> Select[Hit]:
    """With all that a row shows."""
    return query.options(
        joinedload(Hit.content),
        joinedload(Hit.holder),
        selectinload(Hit.matches).joinedload(Match.entry).joinedload(Entry.source),
    )


def counts(session: Session, person: Identity, now: datetime) -> Counts:
    """Counts of the open hits, each from an index and to a cap."""
    hits = select(Hit.id).where(Hit.state == "open")
    return Counts(
        open=capped(session, hits),
        mine=capped(session, hits.where(Hit.holder_id == person.id, Hit.lease_until > now)),
        at_risk=_at_risk(session, now),
        breached=capped(session, hits.where(has_passed(Hit.due_at, now))),
    )


def _at_risk(session: Session, now: datetime) -> Count:
    """Hits at risk and not past due yet: among those that came to be at risk last.

    Of no more than the cap: behind them stand those that are past due, however many.
    """
    newest = (
        select(Hit.due_at, Hit.paused_at)
        .where(Hit.state == "open", has_passed(Hit.at_risk_at, now))
        .order_by(Hit.at_risk_at.desc())
        .limit(CAP + 1)
    )
    found = session.execute(newest).all()
    number = sum(due_at > (paused_at or now) for due_at, paused_at in found)
    return Count(min(number, CAP), len(found) > CAP and number > 0)


def _row(hit: Hit, person: Identity, policy: Policy, order: Order, now: datetime) -> QueueRow:
    entries = [match.entry for match in hit.matches]
    held = hit.holder is not None and hit.lease_until is not None and hit.lease_until > now
    classes = dict.fromkeys(policy.plain_words(entry.classification) for entry in entries)
    return QueueRow(
        id=hit.id,
        name=hit_name(hit.id),
        state=hit.state,
        verdict=hit.verdict,
        content_id=hit.content.platform_id,
        kind=hit.content.kind,
        surface=hit.content.surface,
        sources=tuple(dict.fromkeys(entry.source.name for entry in entries)),
        classification="; ".join(classes),
        nearness=nearness(hit.nearest, policy),
        nearest=hit.nearest,
        algorithms=tuple(dict.fromkeys(match.algorithm for match in hit.matches)),
        matches=len(hit.matches),
        priority=hit.priority,
        priority_reasons=tuple(hit.priority_reasons),
        opened_at=hit.opened_at,
        due_at=hit.due_at,
        closed_at=hit.closed_at,
        clock=clock_state(hit.at_risk_at, hit.due_at, hit.closed_at or hit.paused_at or now),
        holder=hit.holder.name if held and hit.holder else None,
        mine=held and hit.holder_id == person.id,
        cursor=order.cursor(order.position_of(hit)),
    )
