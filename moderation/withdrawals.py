"""What a registry's withdrawal of entries means for the hits that stand on them."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, selectinload

from moderation import audit
from moderation.naming import entry_name, hit_name
from store.entry import Entry
from store.hit import Hit, Match


def close_hits(session: Session, withdrawn: Sequence[Entry], now: datetime) -> int:
    """Close the open hits that no active entry supports any more, in the caller's transaction.

    A hit that other, active entries support stays open; its page shows the withdrawal. Returns
    how many were closed. Decided hits keep their decision and show the withdrawal too.
    """
    names = {
        entry.id: entry_name(entry.source_id, entry.member_id, entry.entry_id)
        for entry in withdrawn
    }
    hits = [hit for hit in _locked(session, names) if not _is_supported(session, hit)]
    for hit in hits:
        hit.state, hit.closed_at = "withdrawn", now
        hit.holder_id, hit.lease_until = None, None
        behind = dict.fromkeys(match.entry_id for match in hit.matches)
        audit.append(
            session,
            at=now,
            actor="system:sync",
            action="hit.withdrawn",
            subject=hit_name(hit.id),
            details={"entries": [names[entry_id] for entry_id in behind if entry_id in names]},
        )
    return len(hits)


def _locked(session: Session, entry_ids: Collection[int]) -> Sequence[Hit]:
    if not entry_ids:
        return ()
    query = (
        select(Hit)
        .where(
            Hit.state == "open",
            exists().where(Match.hit_id == Hit.id, Match.entry_id.in_(entry_ids)),
        )
        .options(selectinload(Hit.matches))
        .order_by(Hit.id)
        .with_for_update(of=Hit)
    )
    return session.scalars(query).all()


def _is_supported(session: Session, hit: Hit) -> bool:
    """Asked once the hit is locked: what a matching pass added until then counts."""
    return bool(
        session.scalar(
            select(
                exists().where(
                    Match.hit_id == hit.id,
                    Match.entry_id == Entry.id,
                    Entry.withdrawn_at.is_(None),
                )
            )
        )
    )
