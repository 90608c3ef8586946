"""The evidence of a hit: each of its matches with everything that speaks for it or against it.

Fingerprint values do not leave the store here; what is shown is their difference.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.policy import Policy
from exchange.records import Vote
from moderation import source_records
from moderation.naming import hit_name
from moderation.priority import decided_here
from moderation.queue import Nearness, nearness
from moderation.support import supports
from store.hit import Hit, Match

PDQ_BITS = 256
CASES = 20
"""Cases of an entry that are shown."""


@dataclass(frozen=True, slots=True)
class Peers:
    """What other members of the registry say of an entry, by number of members."""

    confirmed: int
    disputed: int
    dispute_reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Here:
    """How earlier hits on an entry were decided here, by number of hits."""

    confirmed: int
    removed: int
    disputed: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """One match as the page shows it.

    `difference` is the XOR of the two PDQ values (32 bytes), None for an exact algorithm;
    `distance` of `bits` differ, `threshold` is the most that matches. `quality` is the content's
    PDQ quality, 0 to 100; registries do not share theirs. `frames` are seconds into a film.
    `removed_in` names the hit that removed what this is a copy of, None for what is listed.
    `here` is how the latest hits on this entry stand decided here (moderation.priority.LATEST),
    `source_here` all those on its source.
    `cases` are the numbers of those in which the entry was reported.
    `review_only` is why the entry is suspected; `changed` is true where the entry does not have the
    fingerprint any more that matched.
    """

    match_id: int
    source: str
    registry_kind: str
    member: str
    entry: str
    cases: tuple[str, ...]
    classification: str
    classification_code: str | None
    algorithm: str
    nearness: Nearness
    distance: int
    threshold: int
    bits: int
    difference: bytes | None
    quality: int | None
    frames: tuple[float, ...]
    removed_in: str | None
    peers: Peers
    here: Here
    source_here: Here
    review_only: str | None
    changed: bool
    listed_at: datetime | None
    first_seen_at: datetime
    withdrawn_at: datetime | None
    index_version: int
    matched_at: datetime


def of_hit(session: Session, hit: Hit, policy: Policy) -> tuple[Evidence, ...]:
    """The evidence of `hit`, whose matches, entries, sources and votes are loaded."""
    records = source_records.of_sources(session)
    said = select(Match.id).where(Match.hit_id == hit.id, supports())
    still = set(session.scalars(said))
    return tuple(
        _one(session, match, policy, records.get(match.entry.source_id, {}), match.id in still)
        for match in hit.matches
    )


def _one(
    session: Session, match: Match, policy: Policy, record: Mapping[str, int], says: bool
) -> Evidence:
    entry = match.entry
    votes = [vote for vote in entry.votes if vote.algorithm == match.algorithm]
    sides = Counter(vote.vote for vote in votes)
    here = decided_here(session, [entry.id])
    return Evidence(
        match_id=match.id,
        source=entry.source.name,
        registry_kind=entry.source.kind,
        member=entry.member_name,
        entry=entry.entry_id,
        cases=tuple(one.number for one in entry.cases[:CASES]),
        classification=policy.plain_words(entry.classification),
        classification_code=entry.classification,
        algorithm=match.algorithm,
        nearness=nearness(match.distance, policy),
        distance=match.distance,
        threshold=match.threshold,
        bits=PDQ_BITS,
        difference=match.difference,
        quality=match.quality,
        frames=tuple(match.frames),
        removed_in=hit_name(match.refused_hit_id) if match.refused_hit_id else None,
        peers=Peers(
            confirmed=sides[Vote.AFFIRMATIVE],
            disputed=sides[Vote.NEGATIVE],
            dispute_reasons=tuple(
                dict.fromkeys(reason for vote in votes for reason in vote.reasons)
            ),
        ),
        here=_here(here),
        source_here=_here(record),
        review_only=entry.review_only_reason,
        changed=not says and entry.withdrawn_at is None,
        listed_at=entry.listed_at,
        first_seen_at=entry.first_seen_at,
        withdrawn_at=entry.withdrawn_at,
        index_version=match.index_version,
        matched_at=match.matched_at,
    )


def _here(verdicts: Mapping[str, int]) -> Here:
    return Here(*(verdicts.get(verdict, 0) for verdict in ("confirm", "remove", "dispute")))
