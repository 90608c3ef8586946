"""What another limit to members means for the entries that are held already."""

from datetime import datetime

from sqlalchemy import exists, select, update
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
    others = (Entry.source_id == source.id, Entry.member_id.not_in(source.member_ids))
    active = select(Entry.id).where(*others, Entry.withdrawn_at.is_(None))
    if not source.member_ids:
        return 0
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
            .where(*others, Entry.withdrawn_at.is_(None))
            .values(withdrawn_at=now, changed_at=now)
            .returning(Entry.id)
            .execution_options(synchronize_session=False)
        )
    )
    for start in range(0, len(gone), CHUNK):
        matched = exists().where(Match.entry_id == Entry.id)
        ids = gone[start : start + CHUNK]
        behind = session.scalars(select(Entry).where(Entry.id.in_(ids), matched)).all()
        withdrawals.follow(session, behind, (), policy, now)
    return len(gone)
