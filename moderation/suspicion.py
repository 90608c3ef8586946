"""Entries that nothing may happen by itself because of: anybody can submit to a registry.

An entry that suddenly matches widely, or that is disputed here or by other members beyond a limit,
is set to review only: people still see its hits, and nothing is held, blocked or decided without
one. Only a lead says that it is in order again; what counted against it until then counts no more.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from config.policy import Policy, Suspicion
from exchange.records import Vote
from moderation import audit, platform
from moderation.naming import entry_name
from moderation.people import Identity
from moderation.permissions import Permission
from store.entry import Entry, PeerVoteRow
from store.hit import Hit, Match


class LiftRefused(Exception):
    """An entry cannot be cleared. The message explains it to the person."""


def after_matches(
    session: Session, entries: Iterable[Entry], rules: Suspicion, now: datetime
) -> None:
    """Suspect those of `entries` that matched too much content within a day."""
    day, limit = now - timedelta(days=1), rules.matches_per_day
    for entry in _in_order(entries):
        since = max(day, entry.trusted_at or day)
        matched = select(Match.content_id).where(
            Match.entry_id == entry.id, Match.matched_at >= since
        )
        if _reaches(session, matched, limit):
            _suspect(session, entry, f"matched {limit} items or more within a day", now)


def after_dispute(
    session: Session, entries: Iterable[Entry], rules: Suspicion, now: datetime
) -> None:
    """Suspect those of `entries` whose hits were disputed here too often."""
    limit = rules.disputed_here
    for entry in _in_order(entries):
        disputed = (
            select(Hit.id)
            .join(Match, Match.hit_id == Hit.id)
            .where(Match.entry_id == entry.id, Hit.verdict == "dispute")
        )
        if entry.trusted_at is not None:
            disputed = disputed.where(Hit.closed_at >= entry.trusted_at)
        if _reaches(session, disputed, limit):
            _suspect(session, entry, f"disputed here {limit} times or more", now)


def after_votes(
    session: Session, entries: Iterable[Entry], rules: Suspicion, now: datetime
) -> None:
    """Suspect those of `entries` that other members dispute too often."""
    limit = rules.disputed_by_peers
    for entry in _in_order(entries):
        against = select(PeerVoteRow.member_id).where(
            PeerVoteRow.entry_id == entry.id, PeerVoteRow.vote == Vote.NEGATIVE
        )
        if entry.trusted_at is not None:
            against = against.where(PeerVoteRow.voted_at >= entry.trusted_at)
        if _reaches(session, against, limit):
            _suspect(session, entry, f"disputed by {limit} other members or more", now)


def lift(session: Session, entry_id: int, person: Identity, policy: Policy, now: datetime) -> None:
    """Say that an entry is in order: what waits because of it is held from being seen again, as the
    policy says. Raises LiftRefused."""
    if not person.may(Permission.TRUST_ENTRIES):
        raise LiftRefused("Your role does not clear entries.")
    entry = session.get(Entry, entry_id, with_for_update=True)
    if entry is None or entry.review_only_at is None:
        raise LiftRefused("This entry is not for review only.")
    reason = entry.review_only_reason
    entry.review_only_at, entry.review_only_reason, entry.trusted_at = None, None, now
    audit.append(
        session,
        at=now,
        actor=person.actor,
        action="entry.trusted",
        subject=entry_name(entry.source_id, entry.member_id, entry.entry_id),
        details={"was": reason},
    )
    session.flush()
    waiting = (
        select(Hit.id)
        .join(Match, Match.hit_id == Hit.id)
        .where(Match.entry_id == entry.id, Hit.state == "open")
        .distinct()
    )
    platform.hold_opened(session, list(session.scalars(waiting)), policy, now)


def _in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Those that are not suspected yet, each once."""
    return sorted(
        {entry for entry in entries if entry.review_only_at is None}, key=lambda entry: entry.id
    )


def _reaches(session: Session, rows: Select[Any], limit: int) -> bool:
    """Whether there are `limit` different rows; no more than those are counted."""
    counted = select(func.count()).select_from(rows.distinct().limit(limit).subquery())
    return (session.scalar(counted) or 0) >= limit


def _suspect(session: Session, entry: Entry, reason: str, now: datetime) -> None:
    """Set the entry to review only, unless somebody else has it locked: matching keeps entries from
    being withdrawn meanwhile, and two that wait for each other would be a deadlock. The next match
    or dispute comes by here again."""
    free = (
        select(Entry.id)
        .where(Entry.id == entry.id, Entry.review_only_at.is_(None))
        .with_for_update(skip_locked=True)
    )
    if session.scalar(free) is None:
        return
    entry.review_only_at, entry.review_only_reason = now, reason
    audit.append(
        session,
        at=now,
        actor="system:suspicion",
        action="entry.review-only",
        subject=entry_name(entry.source_id, entry.member_id, entry.entry_id),
        details={"reason": reason},
    )
