"""What a registry's withdrawal of an entry means for the hits that stand on it."""

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from moderation import audit
from moderation.naming import entry_name, hit_name
from store.entry import Entry
from store.hit import Hit, Match


def close_hits(session: Session, entry: Entry, now: datetime) -> int:
    """Close the open hits that stand on this entry alone, in the caller's transaction.

    A hit that other, active entries support stays open; its page shows the withdrawal. Returns
    how many were closed. Decided hits keep their decision and show the withdrawal too.
    """
    session.flush()
    other_support = exists(
        select(Match.id)
        .join(Entry, Entry.id == Match.entry_id)
        .where(Match.hit_id == Hit.id, Entry.id != entry.id, Entry.withdrawn_at.is_(None))
    )
    query = (
        select(Hit)
        .join(Match, Match.hit_id == Hit.id)
        .where(Match.entry_id == entry.id, Hit.state == "open", ~other_support)
        .order_by(Hit.id)
        .with_for_update(of=Hit)
    )
    hits = list(session.scalars(query).unique())
    for hit in hits:
        hit.state, hit.closed_at = "withdrawn", now
        hit.holder_id, hit.lease_until = None, None
        audit.append(
            session,
            at=now,
            actor="system:sync",
            action="hit.withdrawn",
            subject=hit_name(hit.id),
            details={"entry": entry_name(entry.source_id, entry.member_id, entry.entry_id)},
        )
    return len(hits)
