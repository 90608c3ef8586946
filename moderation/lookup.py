"""What is near to a fingerprint that somebody brings: entries, removals, and content held here.

Nothing of what is asked is kept, and no fingerprint is in the answer. Near content is looked for
among the SCANNED fingerprints that came last: there is no index of content, of which there is far
more than of entries; equal content is found however old it is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from config.policy import Policy
from matching.apart import Look
from matching.fingerprint import Algorithm
from matching.index import Index
from moderation import audit
from moderation.match import search
from moderation.naming import hit_name
from moderation.people import Identity
from moderation.refusals import usable
from store.content import Content, ContentFingerprint
from store.entry import Entry, EntryFingerprint
from store.hit import Hit
from store.refusal import Refusal

SCANNED = 100_000
MOST = 50
"""Of each kind that are shown, the nearest."""
READ = 1_000
"""Of each kind that are read, the nearest: some of them have been withdrawn meanwhile."""

Key = TypeVar("Key")
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Near:
    """How near something is: the least distance in bits, and by which algorithm."""

    algorithm: str
    distance: int


@dataclass(frozen=True, slots=True)
class EntryFound:
    """An entry that is active."""

    near: Near
    source: str
    entry_id: str
    classification: str


@dataclass(frozen=True, slots=True)
class HitFound:
    """A hit by which content was removed, or that lies on content held here."""

    id: int
    name: str
    state: str
    verdict: str | None


@dataclass(frozen=True, slots=True)
class RemovalFound:
    """What was removed here."""

    near: Near
    hit: HitFound


@dataclass(frozen=True, slots=True)
class ContentFound:
    """Content held here, and its hits, the newest first."""

    near: Near
    content_id: str
    kind: str
    surface: str | None
    last_seen_at: datetime
    hits: tuple[HitFound, ...]


@dataclass(frozen=True, slots=True)
class Few(Generic[Row]):
    """The nearest of what was found; `more` where there is more than is shown."""

    rows: tuple[Row, ...] = ()
    more: bool = False

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything near, the nearest first. `version` is the list's, None before there is one.

    `too_plain` says that the picture's PDQ means nothing, so that only equal files were looked for.
    """

    entries: Few[EntryFound]
    removals: Few[RemovalFound]
    contents: Few[ContentFound]
    version: int | None
    too_plain: bool


def look(session: Session, index: Index | None, looks: Sequence[Look], policy: Policy) -> Answer:
    """Look for these fingerprints, any of which may be the one that something is near to.

    Raises TooManyMatchesError where nearly everything is near.
    """
    rules = policy.matching
    asked = [one for one in looks if usable(one.fingerprint.algorithm, one.quality, rules)]
    keys = _in_index(index, asked, policy) if index else {}
    contents = _equal(session, asked)
    for number, near in _scan(session, asked, rules.pdq_distance):
        _nearer(contents, number, near)
    return Answer(
        entries=_entries(session, {k: n for k, n in keys.items() if k > 0}, policy),
        removals=_removals(session, {-k: n for k, n in keys.items() if k < 0}),
        contents=_contents(session, contents),
        version=index.version if index else None,
        too_plain=len(asked) < len(looks),
    )


def note(session: Session, person: Identity, how: str, answer: Answer, now: datetime) -> None:
    """The log's line of a search: who asked, how, and how much was found. Never what was asked."""
    audit.append(
        session,
        at=now,
        actor=person.actor,
        action="search.by-fingerprint",
        subject="search",
        details={
            "how": how,
            "entries": len(answer.entries),
            "removals": len(answer.removals),
            "contents": len(answer.contents),
        },
    )


def _in_index(index: Index, asked: Sequence[Look], policy: Policy) -> dict[int, Near]:
    found: dict[int, Near] = {}
    for algorithm in Algorithm:
        values = [one.fingerprint.value for one in asked if one.fingerprint.algorithm == algorithm]
        if not values:
            continue
        matches = search(index, algorithm, values, policy.matching)
        for key, distance in zip(matches.key.tolist(), matches.distance.tolist(), strict=True):
            _nearer(found, key, Near(algorithm, distance))
    return found


def _equal(session: Session, asked: Sequence[Look]) -> dict[int, Near]:
    found: dict[int, Near] = {}
    for one in asked:
        query = (
            select(ContentFingerprint.content_id)
            .where(
                ContentFingerprint.algorithm == one.fingerprint.algorithm,
                ContentFingerprint.value == one.fingerprint.value,
            )
            .limit(READ + 1)
        )
        for number in session.scalars(query):
            _nearer(found, number, Near(one.fingerprint.algorithm, 0))
    return found


def _scan(session: Session, asked: Sequence[Look], most: int) -> Iterable[tuple[int, Near]]:
    """The newest content, fingerprint by fingerprint."""
    wanted = [o.fingerprint.value for o in asked if o.fingerprint.algorithm is Algorithm.PDQ]
    if not wanted:
        return
    query = (
        select(ContentFingerprint.content_id, ContentFingerprint.value)
        .where(ContentFingerprint.algorithm == Algorithm.PDQ.value)
        .order_by(ContentFingerprint.id.desc())
        .limit(SCANNED)
    )
    rows = session.execute(query).all()
    held = np.frombuffer(b"".join(row.value for row in rows), np.uint64).reshape(len(rows), -1)
    for value in wanted:
        differing = np.bitwise_count(held ^ np.frombuffer(value, np.uint64)).sum(1, np.int64)
        for place in np.flatnonzero(differing <= most).tolist():
            yield rows[place].content_id, Near(Algorithm.PDQ, int(differing[place]))


def _entries(session: Session, keys: dict[int, Near], policy: Policy) -> Few[EntryFound]:
    nearest = _nearest(keys)
    query = (
        select(EntryFingerprint)
        .join(EntryFingerprint.entry)
        .where(
            EntryFingerprint.id.in_(nearest),
            EntryFingerprint.retired.is_(False),
            Entry.withdrawn_at.is_(None),
        )
        .options(joinedload(EntryFingerprint.entry).joinedload(Entry.source))
    )
    found: dict[int, EntryFound] = {}
    for one in sorted(session.scalars(query), key=lambda row: nearest[row.id].distance):
        entry = one.entry
        plain = policy.plain_words(entry.classification)
        found.setdefault(
            entry.id, EntryFound(nearest[one.id], entry.source.name, entry.entry_id, plain)
        )
    return _few(found.values(), len(keys) > len(nearest))


def _removals(session: Session, keys: dict[int, Near]) -> Few[RemovalFound]:
    nearest = _nearest(keys)
    query = (
        select(Refusal.id, Hit)
        .join(Hit, Hit.id == Refusal.hit_id)
        .where(Refusal.id.in_(nearest), Refusal.retired.is_(False))
    )
    found: dict[int, RemovalFound] = {}
    rows = session.execute(query).all()
    for key, hit in sorted(rows, key=lambda row: nearest[row[0]].distance):
        found.setdefault(hit.id, RemovalFound(nearest[key], _hit(hit)))
    return _few(found.values(), len(keys) > len(nearest))


def _contents(session: Session, numbers: dict[int, Near]) -> Few[ContentFound]:
    nearest = _nearest(numbers)
    hits: dict[int, list[HitFound]] = {}
    of_content = select(Hit).where(Hit.content_id.in_(nearest)).order_by(Hit.id.desc())
    for hit in session.scalars(of_content):
        hits.setdefault(hit.content_id, []).append(_hit(hit))
    rows = {row.id: row for row in session.scalars(select(Content).where(Content.id.in_(nearest)))}
    found = [
        ContentFound(
            near,
            rows[number].platform_id,
            rows[number].kind,
            rows[number].surface,
            rows[number].last_seen_at,
            tuple(hits.get(number, ())),
        )
        for number, near in nearest.items()
        if number in rows
    ]
    return _few(found, len(numbers) > len(nearest))


def _few(found: Iterable[Row], unread: bool) -> Few[Row]:
    rows = tuple(found)
    return Few(rows[:MOST], unread or len(rows) > MOST)


def _hit(hit: Hit) -> HitFound:
    return HitFound(hit.id, hit_name(hit.id), hit.state, hit.verdict)


def _nearer(found: dict[Key, Near], key: Key, near: Near) -> None:
    """Keep the nearest of each."""
    if key not in found or near.distance < found[key].distance:
        found[key] = near


def _nearest(found: dict[int, Near]) -> dict[int, Near]:
    """The READ nearest, in that order."""
    return dict(sorted(found.items(), key=lambda one: (one[1].distance, one[0]))[:READ])
