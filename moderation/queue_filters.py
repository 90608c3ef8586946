"""What a list of hits is limited to, and how a database finds that without looking at the rest.

Few hits carry one uploader, one entry or one name: their numbers are looked up first, and nothing
else is read. Every other filter is asked of the hits in the list's order, see queue_order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from config.policy import Policy
from moderation.clock import ClockState, has_passed
from moderation.naming import hit_number
from moderation.people import Identity
from store.content import Content
from store.entry import Entry, EntryCase
from store.hit import Hit, Match

FEW = 1_000
"""Hits that are looked up by number. What carries more of them is found soon in any order."""
NAMED = 1_000
"""Entries of one id, or of one case, that are looked at; an id has one at each member."""


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
    ESCALATED = "escalated"
    PAUSED = "paused"
    REVIEW = "review"
    UNSUPPORTED = "unsupported"
    ALL = "all"

    @property
    def closed(self) -> bool:
        """Whether its hits need no decision any more."""
        return self in (View.DECIDED, View.WITHDRAWN, View.REVIEW, View.UNSUPPORTED)


MARKED: Mapping[View, tuple[str, InstrumentedAttribute[Any]]] = {
    View.ESCALATED: ("open", Hit.escalated_at),
    View.PAUSED: ("open", Hit.paused_at),
    View.REVIEW: ("decided", Hit.review_reason),
    View.UNSUPPORTED: ("decided", Hit.unsupported_at),
}
"""Views of the few hits of one state that carry a mark."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is limited to; everything stands in the URL.

    `least` and `most` are bits, both included. `since` and `until` are UTC days, both included: of
    opening, and for closed hits of closing. `entry` is a registry's own id; `q` finds a hit by its
    number, content by its id, entries by their ids and by the cases in which they were reported.
    """

    view: View = View.OPEN
    source: int | None = None
    algorithm: str | None = None
    nearness: Nearness | None = None
    least: int | None = None
    most: int | None = None
    clock: ClockState | None = None
    kind: str | None = None
    surface: str = ""
    uploader: str = ""
    entry: str = ""
    since: date | None = None
    until: date | None = None
    q: str = ""


@dataclass(frozen=True, slots=True)
class Conditions:
    """The filters as a database is asked them. `few` says that they name the few hits they mean."""

    clauses: tuple[ColumnElement[bool], ...]
    few: bool


def nearness(nearest: int, policy: Policy) -> Nearness:
    """The band of a distance in bits."""
    if nearest == 0:
        return Nearness.EXACT
    return Nearness.NEAR if nearest <= policy.priority.near_distance else Nearness.FAR


def in_view(
    view: View, person: Identity, now: datetime, *, indexed: bool
) -> tuple[ColumnElement[bool], ...]:
    """What makes a hit part of a view; nothing for all of them.

    The state is not `indexed` where few numbers are named, nor where few are held or marked:
    SQLite would walk the index of the states instead of looking at these
    (https://www.sqlite.org/optoverview.html, "Disqualifying WHERE Clause Terms").
    """
    if view is View.ALL:
        return ()
    rare = view is View.MINE or view in MARKED
    state = Hit.state if indexed and not rare else Hit.state.concat("")
    if view is View.MINE:
        return state == "open", Hit.holder_id == person.id, Hit.lease_until > now
    if view in MARKED:
        of_state, mark = MARKED[view]
        return state == of_state, mark.is_not(None)
    return (state == view.value,)


def conditions(session: Session, filters: Filters, policy: Policy, now: datetime) -> Conditions:
    """Everything that the filters ask beyond the view."""
    asked = list(_own(filters, policy, now)) + list(_of_content(filters))
    if filters.source is not None:
        asked.append(_matches(Match.entry_id == Entry.id, Entry.source_id == filters.source))
    if filters.algorithm:
        asked.append(_matches(Match.algorithm == filters.algorithm))
    few = False
    for anchor, named in _anchors(session, filters):
        numbers = _numbers(session, anchor)
        few = few or numbers is not None
        asked.append(named if numbers is None else Hit.id.in_(numbers))
    if q := filters.q.strip():
        found, by_number = _search(session, q)
        few = few or by_number
        asked.append(found)
    return Conditions(tuple(asked), few)


def clock_condition(state: ClockState, now: datetime) -> ColumnElement[bool]:
    """Whether an open hit's clock stands so. One that stands still runs out of no time."""
    if state is ClockState.BREACHED:
        return has_passed(Hit.due_at, now)
    at_risk = has_passed(Hit.at_risk_at, now)
    if state is ClockState.ON_TIME:
        return ~at_risk
    return at_risk & ~has_passed(Hit.due_at, now)


def _own(filters: Filters, policy: Policy, now: datetime) -> list[ColumnElement[bool]]:
    """What a hit's own row answers."""
    asked: list[ColumnElement[bool]] = []
    if filters.nearness is not None:
        asked.append(_nearness_condition(filters.nearness, policy))
    if filters.least is not None:
        asked.append(Hit.nearest >= filters.least)
    if filters.most is not None:
        asked.append(Hit.nearest <= filters.most)
    if filters.clock is not None:
        asked.append(clock_condition(filters.clock, now))
    moment = Hit.closed_at if filters.view.closed else Hit.opened_at
    if filters.since is not None:
        asked.append(moment >= datetime.combine(filters.since, time(), UTC))
    if filters.until is not None and filters.until < date.max:
        asked.append(moment < datetime.combine(filters.until + timedelta(days=1), time(), UTC))
    return asked


def _of_content(filters: Filters) -> list[ColumnElement[bool]]:
    asked = []
    if filters.kind:
        asked.append(Content.kind == filters.kind)
    if filters.surface.strip():
        asked.append(Content.surface == filters.surface.strip())
    return [exists().where(Content.id == Hit.content_id, *asked)] if asked else []


def _anchors(session: Session, filters: Filters) -> list[tuple[Select[int], ColumnElement[bool]]]:
    """For each filter that usually few hits pass: their numbers, and the same as a condition."""
    found: list[tuple[Select[int], ColumnElement[bool]]] = []
    if uploader := filters.uploader.strip():
        of_uploader = Content.uploader == uploader
        numbers = select(Hit.id).join(Content, Content.id == Hit.content_id).where(of_uploader)
        found.append((numbers, exists().where(Content.id == Hit.content_id, of_uploader)))
    if entry := filters.entry.strip():
        entries = _entries(session, entry)
        numbers = select(Match.hit_id).where(Match.entry_id.in_(entries)).distinct()
        found.append((numbers, _matches(Match.entry_id.in_(entries))))
    return found


def _search(session: Session, q: str) -> tuple[ColumnElement[bool], bool]:
    """A hit's number, the id of content or of an entry, or a case's number, whichever it is; and
    whether that is few."""
    content = select(Hit.id).join(Content, Content.id == Hit.content_id)
    numbers = list(session.scalars(content.where(Content.platform_id == q)))
    number = hit_number(q)
    if number is not None:
        numbers.append(number)
    entries = [*_entries(session, q), *_of_case(session, q)]
    of_entry = select(Match.hit_id).where(Match.entry_id.in_(entries)).distinct()
    named = _numbers(session, of_entry) if entries else []
    if named is None:
        return or_(Hit.id.in_(numbers), _matches(Match.entry_id.in_(entries))), False
    return Hit.id.in_([*numbers, *named]), True


def _entries(session: Session, entry_id: str) -> list[int]:
    """The entries with this id; each member of each registry may have one."""
    return list(session.scalars(select(Entry.id).where(Entry.entry_id == entry_id).limit(NAMED)))


def _of_case(session: Session, number: str) -> list[int]:
    """The entries that were reported in this case."""
    query = select(EntryCase.entry_id).where(EntryCase.number == number)
    return list(session.scalars(query.limit(NAMED)))


def _numbers(session: Session, query: Select[int]) -> list[int] | None:
    """The numbers that a query finds, None where they are more than FEW."""
    numbers = list(session.scalars(query.limit(FEW + 1)))
    return numbers if len(numbers) <= FEW else None


def _matches(*asked: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(Match.hit_id == Hit.id, *asked)


def _nearness_condition(band: Nearness, policy: Policy) -> ColumnElement[bool]:
    limit = policy.priority.near_distance
    return {
        Nearness.EXACT: Hit.nearest == 0,
        Nearness.NEAR: and_(Hit.nearest > 0, Hit.nearest <= limit),
        Nearness.FAR: Hit.nearest > limit,
    }[band]
