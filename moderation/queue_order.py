"""In which order hits stand, where a page of them begins, and how far one page looks.

Filters can leave out nearly everything. So that a page costs the same however much there is, it
looks at WINDOW hits at most; what comes after them is the next page.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, select, tuple_
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import InstrumentedAttribute

from moderation.paging import number_cursor
from moderation.queue_filters import View
from store.hit import Hit

WINDOW = 5_000

Position = tuple[datetime, int] | tuple[int]


@dataclass(frozen=True, slots=True)
class Order:
    """An order that an index holds: by a moment where there is one, then by the hit's number."""

    moment: InstrumentedAttribute[Any] | None
    newest_first: bool

    @property
    def columns(self) -> tuple[InstrumentedAttribute[Any], ...]:
        """What is sorted by."""
        return (Hit.id,) if self.moment is None else (self.moment, Hit.id)

    def sorted(self, query: Select[Any]) -> Select[Any]:
        """The query in this order."""
        if self.newest_first:
            return query.order_by(*(column.desc() for column in self.columns))
        return query.order_by(*self.columns)

    def after(self, position: Position) -> ColumnElement[bool]:
        """What comes after a hit."""
        place, there = tuple_(*self.columns), tuple_(*position)
        return place < there if self.newest_first else place > there

    def upto(self, position: Position) -> ColumnElement[bool]:
        """What comes before a hit, and the hit."""
        place, there = tuple_(*self.columns), tuple_(*position)
        return place >= there if self.newest_first else place <= there

    def position(self, cursor: str | None) -> Position | None:
        """The place that a cursor names; None for nonsense, which is the first page."""
        moment, _, number = (cursor or "").rpartition("_")
        hit_id = number_cursor(number)
        if hit_id is None or (self.moment is None) is not (moment == ""):
            return None
        if self.moment is None:
            return (hit_id,)
        try:
            return datetime.fromtimestamp(int(moment) / 1e6, UTC), hit_id
        except (ValueError, OverflowError, OSError):
            return None

    def cursor(self, position: Position) -> str:
        """The place as an address says it."""
        *moment, hit_id = position
        if not moment or not isinstance(moment[0], datetime):
            return str(hit_id)
        return f"{round(moment[0].timestamp() * 1_000_000)}_{hit_id}"

    def position_of(self, hit: Hit) -> Position:
        """Where a hit stands."""
        if self.moment is None:
            return (hit.id,)
        return getattr(hit, self.moment.key), hit.id


def order_of(view: View) -> Order:
    """Open hits by urgency, closed ones the last closed first, all of them the newest first."""
    if view is View.ALL:
        return Order(None, newest_first=True)
    if view.closed:
        return Order(Hit.closed_at, newest_first=True)
    return Order(Hit.urgent_at, newest_first=False)


def window_end(
    session: Session, order: Order, clauses: tuple[ColumnElement[bool], ...]
) -> Position | None:
    """The last hit that one page looks at, of those that `clauses` leave; None if it sees all."""
    query = order.sorted(select(*order.columns).where(*clauses)).offset(WINDOW - 1).limit(1)
    return cast(Position | None, session.execute(query).first())
