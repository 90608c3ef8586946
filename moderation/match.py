"""Step 3, match: fingerprints of content against the index, to matches at their distances."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from config.policy import Matching
from matching.fingerprint import Algorithm
from matching.index import Index
from store.content import Content, ContentFingerprint
from store.entry import Entry, EntryFingerprint

LOOK_UP = 5_000


@dataclass(frozen=True, slots=True)
class Found:
    """One match: content and entry through one algorithm, the nearest pair of fingerprints.

    `difference` is the XOR of the pair for PDQ. `frames` are the seconds at which frames of a
    film matched, empty for a picture.
    """

    content: Content
    entry: Entry
    algorithm: Algorithm
    distance: int
    threshold: int
    difference: bytes | None
    quality: int | None
    frames: tuple[float, ...]
    index_version: int


@dataclass(frozen=True, slots=True)
class _Pair:
    """One fingerprint of content and the key of one in the index."""

    content: Content
    fingerprint: ContentFingerprint
    key: int
    distance: int


def match(
    session: Session, contents: Sequence[Content], index: Index, rules: Matching
) -> list[Found]:
    """All matches of `contents` (with their fingerprints loaded) in `index`.

    The database has the last word: what was withdrawn or retired since the index was built is
    not matched, so a withdrawal counts from the moment it is committed.
    """
    pairs = [pair for algorithm in Algorithm for pair in _search(contents, index, algorithm, rules)]
    active = _active(session, {pair.key for pair in pairs})
    grouped: dict[tuple[int, int, Algorithm], list[_Pair]] = defaultdict(list)
    for pair in pairs:
        row = active.get(pair.key)
        if row is not None:
            grouped[(pair.content.id, row.entry_id, Algorithm(row.algorithm))].append(pair)
    return [
        _found(members, active, algorithm, rules, index.version)
        for (_content, _entry, algorithm), members in grouped.items()
    ]


def usable(fingerprint: ContentFingerprint, rules: Matching) -> bool:
    """Whether it may be matched: a PDQ value of too plain a picture means nothing."""
    return (
        fingerprint.algorithm != Algorithm.PDQ
        or fingerprint.quality is None
        or fingerprint.quality >= rules.pdq_quality
    )


def _search(
    contents: Sequence[Content], index: Index, algorithm: Algorithm, rules: Matching
) -> list[_Pair]:
    asked = [
        (content, one)
        for content in contents
        for one in content.fingerprints
        if one.algorithm == algorithm and usable(one, rules)
    ]
    if not asked:
        return []
    values = [one.value for _, one in asked]
    if algorithm is Algorithm.PDQ:
        batch = np.frombuffer(b"".join(values), np.uint8).reshape(len(values), algorithm.size)
        matches = index.near(batch, rules.pdq_distance)
    else:
        matches = index.equal(algorithm, values)
    return [
        _Pair(asked[query][0], asked[query][1], int(key), int(distance))
        for query, key, distance in zip(matches.query, matches.key, matches.distance, strict=True)
    ]


def _active(session: Session, keys: set[int]) -> dict[int, EntryFingerprint]:
    found: dict[int, EntryFingerprint] = {}
    ordered = sorted(keys)
    for start in range(0, len(ordered), LOOK_UP):
        query = (
            select(EntryFingerprint)
            .join(EntryFingerprint.entry)
            .where(
                EntryFingerprint.id.in_(ordered[start : start + LOOK_UP]),
                EntryFingerprint.retired.is_(False),
                Entry.withdrawn_at.is_(None),
            )
            .options(joinedload(EntryFingerprint.entry).joinedload(Entry.source))
        )
        found.update((row.id, row) for row in session.scalars(query))
    return found


def _found(
    pairs: list[_Pair],
    active: dict[int, EntryFingerprint],
    algorithm: Algorithm,
    rules: Matching,
    version: int,
) -> Found:
    best = min(pairs, key=lambda pair: (pair.distance, pair.fingerprint.id))
    row = active[best.key]
    difference = None
    if algorithm is Algorithm.PDQ:
        difference = bytes(a ^ b for a, b in zip(best.fingerprint.value, row.value, strict=True))
    seconds = {pair.fingerprint.at for pair in pairs if pair.fingerprint.at is not None}
    return Found(
        content=best.content,
        entry=row.entry,
        algorithm=algorithm,
        distance=best.distance,
        threshold=rules.threshold(algorithm),
        difference=difference,
        quality=best.fingerprint.quality,
        frames=tuple(sorted(seconds)),
        index_version=version,
    )
