"""The list of entries that are for review only, as leads see it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from moderation.counting import Count, capped
from moderation.paging import Page, number_cursor, page_of
from store.entry import Entry
from store.hit import Hit, Match


@dataclass(frozen=True, slots=True)
class Suspect:
    """An entry that is for review only; `open` counts the hits on it that wait."""

    id: int
    source: str
    member: str
    entry: str
    since: datetime | None
    reason: str
    open: Count


def suspects(session: Session, *, cursor: str | None, size: int) -> Page[Suspect]:
    """One page of them, those first that are newest on the lists."""
    query = (
        select(Entry)
        .where(Entry.review_only_at.is_not(None))
        .options(joinedload(Entry.source))
        .order_by(Entry.id.desc())
        .limit(size + 1)
    )
    before = number_cursor(cursor)
    if before is not None:
        query = query.where(Entry.id < before)
    found = [_suspect(session, entry) for entry in session.scalars(query)]
    return page_of(found, size, lambda row: str(row.id))


def _suspect(session: Session, entry: Entry) -> Suspect:
    waiting = (
        select(Hit.id)
        .join(Match, Match.hit_id == Hit.id)
        .where(Match.entry_id == entry.id, Hit.state == "open")
        .distinct()
    )
    return Suspect(
        id=entry.id,
        source=entry.source.name,
        member=entry.member_name,
        entry=entry.entry_id,
        since=entry.review_only_at,
        reason=entry.review_only_reason or "",
        open=capped(session, waiting),
    )
