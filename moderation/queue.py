"""The queue as people see it: filtered, in order of urgency, a page at a time."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session, joinedload, selectinload

from config.policy import Policy
from moderation.clock import ClockState, clock_state
from moderation.naming import hit_name, hit_number
from moderation.paging import Page, number_cursor, page_of
from moderation.people import Identity
from store.content import Content
from store.entry import Entry
from store.hit import Hit, Match


class Nearness(StrEnum):
    """How near a hit's nearest match is."""

    EXACT = "exact"
    NEAR = "near"
    FAR = "far"


class View(StrEnum):
    """Which part of the hits is looked at."""

    OPEN = "open"
    MINE = "mine"
    DECIDED = "decided"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is limited to; everything stands in the URL. `q` finds a hit or content."""

    view: View = View.OPEN
    source: int | None = None
    nearness: Nearness | None = None
    clock: ClockState | None = None
    kind: str | None = None
    q: str = ""


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
    """How much there is to do."""

    open: int
    mine: int
    at_risk: int
    breached: int


def nearness(nearest: int, policy: Policy) -> Nearness:
    """The band of a distance in bits."""
    if nearest == 0:
        return Nearness.EXACT
    return Nearness.NEAR if nearest <= policy.priority.near_distance else Nearness.FAR


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
    """One page of hits. Open ones by urgency, closed ones newest first."""
    query = (
        select(Hit)
        .where(*_conditions(filters, person, policy, now))
        .options(
            joinedload(Hit.content),
            joinedload(Hit.holder),
            selectinload(Hit.matches).joinedload(Match.entry).joinedload(Entry.source),
        )
        .limit(size + 1)
    )
    query = _ordered(query, filters.view, cursor)
    found = [_row(hit, person, policy, now) for hit in session.scalars(query)]
    return page_of(found, size, lambda row: row.cursor)


def counts(session: Session, person: Identity, now: datetime) -> Counts:
    """Counts of the open hits, each from an index on few rows."""

    def count(*conditions: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(Hit).where(Hit.state == "open", *conditions)
        return session.scalar(query) or 0

    return Counts(
        open=count(),
        mine=count(Hit.holder_id == person.id, Hit.lease_until > now),
        at_risk=count(_clock_condition(ClockState.AT_RISK, now)),
        breached=count(_clock_condition(ClockState.BREACHED, now)),
    )


def _conditions(
    filters: Filters, person: Identity, policy: Policy, now: datetime
) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    match filters.view:
        case View.MINE:
            conditions += [
                Hit.state == "open",
                Hit.holder_id == person.id,
                Hit.lease_until > now,
            ]
        case _:
            conditions.append(Hit.state == filters.view)
    if filters.source is not None:
        conditions.append(
            exists()
            .where(Match.hit_id == Hit.id, Match.entry_id == Entry.id)
            .where(Entry.source_id == filters.source)
        )
    if filters.nearness is not None:
        conditions.append(_nearness_condition(filters.nearness, policy))
    if filters.clock is not None:
        conditions.append(_clock_condition(filters.clock, now))
    if filters.kind:
        conditions.append(
            exists().where(Content.id == Hit.content_id, Content.kind == filters.kind)
        )
    if filters.q.strip():
        conditions.append(_search_condition(filters.q.strip()))
    return conditions


def _nearness_condition(band: Nearness, policy: Policy) -> ColumnElement[bool]:
    limit = policy.priority.near_distance
    return {
        Nearness.EXACT: Hit.nearest == 0,
        Nearness.NEAR: and_(Hit.nearest > 0, Hit.nearest <= limit),
        Nearness.FAR: Hit.nearest > limit,
    }[band]


def _clock_condition(state: ClockState, now: datetime) -> ColumnElement[bool]:
    if state is ClockState.BREACHED:
        return Hit.due_at <= now
    at_risk = Hit.at_risk_at <= now
    return and_(Hit.due_at > now, at_risk if state is ClockState.AT_RISK else ~at_risk)


def _search_condition(q: str) -> ColumnElement[bool]:
    by_content = exists().where(Content.id == Hit.content_id, Content.platform_id == q)
    number = hit_number(q)
    return or_(by_content, Hit.id == number) if number is not None else by_content


def _ordered(query: Select[Hit], view: View, cursor: str | None) -> Select[Hit]:
    if view in (View.OPEN, View.MINE):
        query = query.order_by(Hit.urgent_at, Hit.id)
        position = _position(cursor)
        if position:
            query = query.where(tuple_(Hit.urgent_at, Hit.id) > tuple_(*position))
        return query
    before = number_cursor(cursor)
    if before is not None:
        query = query.where(Hit.id < before)
    return query.order_by(Hit.id.desc())


def _position(cursor: str | None) -> tuple[datetime, int] | None:
    """The place a cursor names; None for nonsense, which is the first page."""
    moment, _, number = (cursor or "").partition("_")
    after = number_cursor(number)
    try:
        return None if after is None else (datetime.fromtimestamp(int(moment) / 1e6, UTC), after)
    except (ValueError, OverflowError, OSError):
        return None


def _row(hit: Hit, person: Identity, policy: Policy, now: datetime) -> QueueRow:
    entries = [match.entry for match in hit.matches]
    held = hit.holder is not None and hit.lease_until is not None and hit.lease_until > now
    open_ = hit.state == "open"
    moment = round(hit.urgent_at.timestamp() * 1_000_000)
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
        clock=clock_state(hit.at_risk_at, hit.due_at, hit.closed_at or now),
        holder=hit.holder.name if held and hit.holder else None,
        mine=held and hit.holder_id == person.id,
        cursor=f"{moment}_{hit.id}" if open_ else str(hit.id),
    )
