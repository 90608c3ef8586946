"""What the keys that a search found stand for, as the database has it now."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from store.entry import Entry, EntryFingerprint
from store.hit import Match
from store.refusal import Refusal

LOOK_UP = 5_000


@dataclass(frozen=True, slots=True)
class Target:
    """An entry that a key leads to, and the fingerprint and value it does so by.

    For what was removed here: `hit_id` of the removal and the `content_id` of what was removed.
    """

    entry: Entry
    value: bytes = field(repr=False)
    fingerprint_id: int | None = None
    hit_id: int | None = None
    content_id: int | None = None


def active_targets(session: Session, keys: Iterable[int]) -> Mapping[int, Sequence[Target]]:
    """What each key leads to; nothing for what was retired or withdrawn meanwhile.

    The entries stay as they are to the end of the transaction: one that is being withdrawn waits
    until the hit on it stands, and then closes it.
    """
    ordered = sorted(keys)
    found: dict[int, list[Target]] = defaultdict(list)
    for start in range(0, len(ordered), LOOK_UP):
        part = ordered[start : start + LOOK_UP]
        _listed(session, [key for key in part if key > 0], found)
        _removed(session, [-key for key in part if key < 0], found)
    return found


def _listed(session: Session, ids: list[int], found: dict[int, list[Target]]) -> None:
    if not ids:
        return
    query = (
        select(EntryFingerprint)
        .join(EntryFingerprint.entry)
        .where(
            EntryFingerprint.id.in_(ids),
            EntryFingerprint.retired.is_(False),
            Entry.withdrawn_at.is_(None),
        )
        .options(joinedload(EntryFingerprint.entry).joinedload(Entry.source))
        .order_by(Entry.id)
        .with_for_update(read=True, of=Entry)
    )
    for row in session.scalars(query):
        found[row.id].append(Target(row.entry, row.value, row.id))


def _removed(session: Session, ids: list[int], found: dict[int, list[Target]]) -> None:
    """The entries behind a removal. Once all of them are withdrawn it refuses nothing more."""
    if not ids:
        return
    query = select(Refusal).where(Refusal.id.in_(ids), Refusal.retired.is_(False))
    refusals = list(session.scalars(query))
    behind: dict[int, dict[int, Entry]] = defaultdict(dict)
    matches = (
        select(Match)
        .join(Match.entry)
        .where(
            Match.hit_id.in_({refusal.hit_id for refusal in refusals}),
            Entry.withdrawn_at.is_(None),
        )
        .options(joinedload(Match.entry).joinedload(Entry.source))
        .order_by(Entry.id)
        .with_for_update(read=True, of=Entry)
    )
    for match in session.scalars(matches):
        behind[match.hit_id][match.entry_id] = match.entry
    for refusal in refusals:
        found[-refusal.id] = [
            Target(entry, refusal.value, hit_id=refusal.hit_id, content_id=refusal.content_id)
            for entry in behind[refusal.hit_id].values()
        ]
