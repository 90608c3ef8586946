"""Taking many entries from the list at once: those of members that are not wanted any more, or all
that a whole reading did not name."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import Session

from config.policy import Policy
from moderation import withdrawals
from store.entry import Entry, EntryFingerprint
from store.hit import Match
from store.source import Source

CHUNK = 400


def withdraw_others(session: Session, source: Source, policy: Policy, now: datetime) -> int:
    """Take entries of members that the source is no longer limited to from the list; how many.

    Nobody would ever say of them again that they were changed or taken back. `listed_at` stays, so
    that a reading that is to have them again lists them anew.
    """
    if not source.member_ids:
        return 0
    others = Entry.member_id.not_in(source.member_ids)
    return _withdraw(session, (Entry.source_id == source.id, others), {}, policy, now)


def withdraw_older(
    session: Session, source: Source, before: datetime, policy: Policy, now: datetime
) -> int:
    """Take what was last listed before then from the list; how many entries that were."""
    older = (Entry.source_id == source.id, Entry.listed_at < before)
    return _withdraw(session, older, {"listed_at": before, "withdrawn_at": before}, policy, now)


def _withdraw(
    session: Session,
    which: Sequence[ColumnElement[bool]],
    values: Mapping[str, datetime],
    policy: Policy,
    now: datetime,
) -> int:
    """All of them first and their hits afterwards: whoever locks a hit and then an entry would wait
    for a matching pass that holds the entry and comes to the hit."""
    active = select(Entry.id).where(*which, Entry.withdrawn_at.is_(None))
    session.execute(
        update(EntryFingerprint)
        .where(EntryFingerprint.entry_id.in_(active), EntryFingerprint.retired.is_(False))
        .values(retired=True)
        .execution_options(synchronize_session=False)
    )
    # Waits for matching passes that hold one of them, so that the next query sees their matches.
    gone = list(
        session.scalars(
            update(Entry)
            .where(*which, Entry.withdrawn_at.is_(None))
            .values({"withdrawn_at": now, "changed_at": now} | dict(values))
            .returning(Entry.id)
            .execution_options(synchronize_session=False)
        )
    )
    for start in range(0, len(gone), CHUNK):
        matched = exists().where(Match.entry_id == Entry.id)
        ids = gone[start : start + CHUNK]
        behind = select(Entry).where(Entry.id.in_(ids), matched)
        fresh = behind.execution_options(populate_existing=True)
        withdrawals.follow(session, session.scalars(fresh).all(), (), policy, now)
    return len(gone)
