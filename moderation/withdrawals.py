"""What it means for hits that a registry withdraws entries, changes them, or lists them again."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, joinedload, selectinload

from config.policy import Policy
from moderation import audit, deliveries, pauses, platform
from moderation.hits import ENTRY_CHANGED
from moderation.naming import entry_name, hit_name
from moderation.support import is_supported
from store.entry import Entry
from store.hit import Hit, Match

ENTRY_WITHDRAWN = "entry-withdrawn"
"""Why a hit was closed behind which no entry is left."""


def follow(
    session: Session,
    withdrawn: Sequence[Entry],
    changed: Sequence[Entry],
    policy: Policy,
    now: datetime,
) -> None:
    """Bring hits to where their entries are now, in the transaction that changed these.

    `withdrawn` are gone from the list; `changed` say something else or are listed again. Open hits
    that nothing supports any more are closed: content is matched anew against what is new on an
    entry. A hit that other, active entries support stays open, and its page shows what happened.
    What was removed only because of withdrawn entries is marked: a lead may want it put back.
    """
    _close(session, withdrawn, changed, policy, now)
    _mark_removals(session, [*withdrawn, *changed], now)


def _close(
    session: Session,
    withdrawn: Sequence[Entry],
    changed: Sequence[Entry],
    policy: Policy,
    now: datetime,
) -> None:
    names = {
        entry.id: entry_name(entry.source_id, entry.member_id, entry.entry_id)
        for entry in (*withdrawn, *changed)
    }
    hits = [hit for hit in _locked(session, names, "open") if not is_supported(session, hit)]
    for hit in hits:
        behind = dict.fromkeys(match.entry_id for match in hit.matches)
        hit.state, hit.closed_at = "withdrawn", now
        listed = any(match.entry.withdrawn_at is None for match in hit.matches)
        hit.closed_reason = ENTRY_CHANGED if listed else ENTRY_WITHDRAWN
        hit.holder_id, hit.lease_until = None, None
        hit.escalated_at = None
        pauses.go_on(hit, now)
        deliveries.cancel(session, hit)
        planned = deliveries.plan(
            session, hit, None, platform.of_withdrawal(session, hit, policy), now
        )
        audit.append(
            session,
            at=now,
            actor="system:sync",
            action="hit.withdrawn",
            subject=hit_name(hit.id),
            details={
                "why": hit.closed_reason,
                "entries": [names[entry_id] for entry_id in behind if entry_id in names],
                "deliveries": planned,
            },
        )


def _mark_removals(session: Session, entries: Sequence[Entry], now: datetime) -> None:
    for hit in _locked(session, {entry.id for entry in entries}, "decided"):
        if hit.verdict != "remove":
            continue
        supported = is_supported(session, hit)
        if supported:
            hit.unsupported_at = None
        elif hit.unsupported_at is None:
            hit.unsupported_at = now
            audit.append(
                session,
                at=now,
                actor="system:sync",
                action="hit.unsupported",
                subject=hit_name(hit.id),
            )


def _locked(session: Session, entry_ids: Collection[int], state: str) -> Sequence[Hit]:
    if not entry_ids:
        return ()
    query = (
        select(Hit)
        .where(
            Hit.state == state,
            exists().where(Match.hit_id == Hit.id, Match.entry_id.in_(entry_ids)),
        )
        .options(selectinload(Hit.matches).joinedload(Match.entry), joinedload(Hit.content))
        .order_by(Hit.id)
        .with_for_update(of=Hit)
    )
    return session.scalars(query).all()
