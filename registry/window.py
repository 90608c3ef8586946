"""A window of time on the list, and reading it a page at a time.

Entries of a window come in the order of `position`, which has nothing to do with time. Within a
window that has ended (`to` not later than now) nothing is added while somebody reads it; an entry
that is changed meanwhile moves to a later window, whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.orm import Session, joinedload, selectinload

from registry.tables import Entry, EntryVote
from registry.wire import format_time, parse_time


@dataclass(frozen=True, slots=True)
class Window:
    """From `after`, exclusive, to `until`, inclusive."""

    after: datetime
    until: datetime

    @classmethod
    def parse(cls, after: str, until: str) -> "Window":
        """Read a request's `from` and `to`. Raises ValueError saying what is wrong."""
        window = cls(parse_time(after), parse_time(until))
        if window.after > window.until:
            raise ValueError("`from` is later than `to`")
        return window

    @property
    def wire(self) -> tuple[str, str]:
        """`from` and `to` as the protocol writes them."""
        return format_time(self.after), format_time(self.until)

    def holds(self) -> ColumnElement[bool]:
        """The condition on an entry's timestamp."""
        return (Entry.timestamp > self.after) & (Entry.timestamp <= self.until)


Place = tuple[int, int]
"""Where a page ended: position and row id of its last entry."""


def count_entries(session: Session, window: Window) -> int:
    """How many entries the window holds now."""
    return session.scalars(select(func.count()).select_from(Entry).where(window.holds())).one()


def read_page(
    session: Session, window: Window, size: int, after: Place | None = None
) -> tuple[Sequence[Entry], Place | None]:
    """At most `size` entries past `after`, with all that a page shows, and where to go on.

    The place is None where the window ends.
    """
    query = (
        select(Entry)
        .where(window.holds())
        .order_by(Entry.position, Entry.id)
        .limit(size + 1)
        .options(
            joinedload(Entry.member, innerjoin=True),
            selectinload(Entry.fingerprints),
            selectinload(Entry.votes).joinedload(EntryVote.member, innerjoin=True),
        )
    )
    if after:
        query = query.where(tuple_(Entry.position, Entry.id) > after)
    found = session.scalars(query).all()
    page = found[:size]
    more = len(found) > size
    return page, (page[-1].position, page[-1].id) if more else None
