"""What the platform tells us of its content: taken in batches, item by item, safe to repeat."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from exchange.records import MediaKind
from matching.fingerprint import Fingerprint
from store.content import Content, ContentFingerprint
from store.hit import Hit
from store.upsert import insert


@dataclass(frozen=True, slots=True)
class Print:
    """One fingerprint of an item. `quality` is PDQ's, 0 to 100; `at` seconds into a film."""

    fingerprint: Fingerprint
    quality: int | None = None
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One item of content as the platform reports it."""

    platform_id: str
    kind: MediaKind
    prints: tuple[Print, ...]
    surface: str | None = None
    uploader: str | None = None
    posted_at: datetime | None = None


class Taken(StrEnum):
    """What became of an item that was sent."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


class State(StrEnum):
    """Where an item stands."""

    PENDING = "pending"
    CLEAR = "clear"
    HIT = "hit"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Standing:
    """An item's state, and the newest hit on it that the registry has not taken back."""

    platform_id: str
    state: State
    hit_id: int | None


def take(
    session: Session, items: Sequence[Item], now: datetime
) -> list[tuple[Item, Taken, int | None]]:
    """Store `items` and return for each what happened and the row's id if it wants matching.

    The same item again is counted as seen again and changes nothing else. Other fingerprints
    under a known id make a new revision, to be matched anew. An id that stands twice in one
    batch is taken in the order sent.
    """
    created = _create(session, items, now)
    query = (
        select(Content)
        .where(Content.platform_id.in_({item.platform_id for item in items}))
        .options(selectinload(Content.fingerprints))
        .order_by(Content.id)
        .with_for_update(of=Content)
    )
    rows = {row.platform_id: row for row in session.scalars(query)}
    taken: list[tuple[Item, Taken, Content]] = []
    for item in items:
        row = rows[item.platform_id]
        if item.platform_id in created:
            created.remove(item.platform_id)
            row.fingerprints = _rows(item)
            taken.append((item, Taken.CREATED, row))
        else:
            taken.append((item, _again(row, item, now), row))
    session.flush()
    return [
        (item, what, row.id if row.matched_version is None else None) for item, what, row in taken
    ]


def _create(session: Session, items: Sequence[Item], now: datetime) -> set[str]:
    """Add rows, still without fingerprints, for ids that have none; the ids that were added.

    Batches that name the same new id at once queue up here, all in one order, and the first has it.
    """
    first = {item.platform_id: item for item in reversed(items)}
    held = select(Content.platform_id).where(Content.platform_id.in_(first))
    new = sorted(first.keys() - set(session.scalars(held)))
    if not new:
        return set()
    added = (
        insert(session, Content)
        .on_conflict_do_nothing(index_elements=[Content.platform_id])
        .returning(Content.platform_id)
    )
    return set(session.scalars(added, [_columns(first[platform_id], now) for platform_id in new]))


def standing(session: Session, platform_ids: Sequence[str]) -> list[Standing]:
    """Where each of these items stands, in the order asked."""
    rows = {
        row.platform_id: row
        for row in session.execute(
            select(Content.platform_id, Content.id, Content.matched_version).where(
                Content.platform_id.in_(set(platform_ids))
            )
        )
    }
    hits: dict[int, int] = {
        row.content_id: row.id
        for row in session.execute(
            select(Hit.content_id, Hit.id)
            .where(Hit.content_id.in_([row.id for row in rows.values()]), Hit.state != "withdrawn")
            .order_by(Hit.id)
        )
    }
    answer = []
    for platform_id in platform_ids:
        row = rows.get(platform_id)
        if row is None:
            answer.append(Standing(platform_id, State.UNKNOWN, None))
        elif row.id in hits:
            answer.append(Standing(platform_id, State.HIT, hits[row.id]))
        else:
            state = State.PENDING if row.matched_version is None else State.CLEAR
            answer.append(Standing(platform_id, state, None))
    return answer


def _columns(item: Item, now: datetime) -> dict[str, object]:
    return {
        "platform_id": item.platform_id,
        "kind": item.kind,
        "surface": item.surface,
        "uploader": item.uploader,
        "posted_at": item.posted_at,
        "first_seen_at": now,
        "last_seen_at": now,
    }


def _again(row: Content, item: Item, now: datetime) -> Taken:
    row.seen_count += 1
    row.last_seen_at = now
    context = (item.kind, item.surface, item.uploader, item.posted_at)
    same_context = context == (row.kind, row.surface, row.uploader, row.posted_at)
    row.kind, row.surface, row.uploader, row.posted_at = context
    held = {(one.algorithm, one.value, one.quality, one.at) for one in row.fingerprints}
    sent = {(one.algorithm, one.value, one.quality, one.at) for one in _rows(item)}
    if held != sent:
        row.fingerprints = _rows(item)
        row.revision += 1
        row.matched_version = None
        return Taken.UPDATED
    return Taken.UNCHANGED if same_context else Taken.UPDATED


def _rows(item: Item) -> list[ContentFingerprint]:
    return [
        ContentFingerprint(
            algorithm=one.fingerprint.algorithm,
            value=one.fingerprint.value,
            quality=one.quality,
            at=one.at,
        )
        for one in item.prints
    ]
