"""Whether a match still says something: its entry is listed, with the fingerprint that matched."""

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from store.entry import Entry, EntryFingerprint
from store.hit import Hit, Match


def supports() -> ColumnElement[bool]:
    """The condition on Match. A fingerprint that was retired and came back is another row with the
    same value; a match by none, as of a copy of what was removed here, asks only for the entry."""
    matched, now = aliased(EntryFingerprint), aliased(EntryFingerprint)
    listed = exists().where(Entry.id == Match.entry_id, Entry.withdrawn_at.is_(None))
    same = exists().where(
        matched.id == Match.fingerprint_id,
        now.entry_id == Match.entry_id,
        now.algorithm == matched.algorithm,
        now.value == matched.value,
        now.retired.is_(False),
    )
    return and_(listed, or_(Match.fingerprint_id.is_(None), same))


def is_supported(session: Session, hit: Hit) -> bool:
    """Whether any match of the hit still says something. Asked once the hit is locked: what a
    matching pass added until then counts."""
    return bool(session.scalar(select(exists().where(Match.hit_id == hit.id, supports()))))


def still_says(session: Session, match: Match) -> bool:
    """Whether this match does."""
    return bool(session.scalar(select(exists().where(Match.id == match.id, supports()))))


def keep(session: Session, hit: Hit) -> bool:
    """Whether any match of the hit says something, and goes on to until this transaction ends.

    An entry that somebody changes right now counts as gone: they may be waiting for the hit.
    """
    behind = select(Match.entry_id).where(Match.hit_id == hit.id, supports())
    kept = (
        select(Entry.id)
        .where(Entry.id.in_(behind))
        .order_by(Entry.id)
        .with_for_update(read=True, skip_locked=True)
    )
    return session.scalars(kept).first() is not None
