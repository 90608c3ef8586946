"""Step 3, match: fingerprints of content against the index, to matches at their distances."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy.orm import Session

from config.policy import Matching
from matching.fingerprint import Algorithm
from matching.index import Index, Matches
from moderation.refusals import usable
from moderation.source_settings import stricter
from moderation.targets import Target, active_targets
from store.content import Content, ContentFingerprint
from store.entry import Entry


@dataclass(frozen=True, slots=True)
class Found:
    """One match: content and entry through one algorithm, the nearest pair of fingerprints.

    `difference` is the XOR of the pair for PDQ. `frames` are the seconds at which frames of a
    film matched, empty for a picture. `fingerprint_id` is the entry's, with its `value`;
    `refused_hit_id` is the hit whose removal refuses this, None for what a registry lists.
    """

    content: Content
    entry: Entry
    algorithm: Algorithm
    distance: int
    threshold: int
    difference: bytes | None
    quality: int | None
    frames: tuple[float, ...]
    fingerprint_id: int | None
    value: bytes = field(repr=False)
    refused_hit_id: int | None
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
    targets = active_targets(session, {pair.key for pair in pairs})
    grouped: dict[tuple[int, int, Algorithm, bool], list[tuple[_Pair, Target]]] = defaultdict(list)
    for pair in pairs:
        for target in targets.get(pair.key, ()):
            algorithm = Algorithm(pair.fingerprint.algorithm)
            limits = limits_of(target, rules)
            if target.content_id != pair.content.id and _holds(pair, algorithm, limits):
                removed = target.hit_id is not None
                key = (pair.content.id, target.entry.id, algorithm, removed)
                grouped[key].append((pair, target))
    return [
        _found(candidates, algorithm, rules, index.version)
        for (_content, _entry, algorithm, _removed), candidates in grouped.items()
    ]


def search(index: Index, algorithm: Algorithm, values: Sequence[bytes], rules: Matching) -> Matches:
    """Everything in the index within the policy's threshold of each value."""
    if algorithm is Algorithm.PDQ:
        batch = np.frombuffer(b"".join(values), np.uint8).reshape(len(values), algorithm.size)
        return index.near(batch, rules.pdq_distance)
    return index.equal(algorithm, values)


def limits_of(target: Target, rules: Matching) -> Matching:
    """The thresholds under which a target matches: its source's where they are the stricter ones.

    What was removed here is looked for under the policy's: that is no longer the source's word.
    """
    source = target.entry.source
    if target.hit_id is not None or (source.pdq_distance is None and source.pdq_quality is None):
        return rules
    return stricter(rules, source.pdq_distance, source.pdq_quality)


def _holds(pair: _Pair, algorithm: Algorithm, limits: Matching) -> bool:
    """Whether the pair is within the thresholds."""
    fit = usable(algorithm, pair.fingerprint.quality, limits)
    return fit and pair.distance <= limits.threshold(algorithm)


def _search(
    contents: Sequence[Content], index: Index, algorithm: Algorithm, rules: Matching
) -> list[_Pair]:
    asked = [
        (content, one)
        for content in contents
        for one in content.fingerprints
        if one.algorithm == algorithm and usable(one.algorithm, one.quality, rules)
    ]
    if not asked:
        return []
    matches = search(index, algorithm, [one.value for _, one in asked], rules)
    return [
        _Pair(asked[query][0], asked[query][1], int(key), int(distance))
        for query, key, distance in zip(matches.query, matches.key, matches.distance, strict=True)
    ]


def _found(
    candidates: list[tuple[_Pair, Target]], algorithm: Algorithm, rules: Matching, version: int
) -> Found:
    """The nearest of the candidates."""
    pair, target = min(candidates, key=lambda one: (one[0].distance, one[0].fingerprint.id))
    difference = None
    if algorithm is Algorithm.PDQ:
        both = zip(pair.fingerprint.value, target.value, strict=True)
        difference = bytes(a ^ b for a, b in both)
    seconds = {one.fingerprint.at for one, _ in candidates if one.fingerprint.at is not None}
    return Found(
        content=pair.content,
        entry=target.entry,
        algorithm=algorithm,
        distance=pair.distance,
        threshold=limits_of(target, rules).threshold(algorithm),
        difference=difference,
        quality=pair.fingerprint.quality,
        frames=tuple(sorted(seconds)),
        fingerprint_id=target.fingerprint_id,
        value=target.value,
        refused_hit_id=target.hit_id,
        index_version=version,
    )
