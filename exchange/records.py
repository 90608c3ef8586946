"""What every registry's client speaks, whatever its wire format: plain, frozen records.

Times are aware and UTC. Fingerprint values hide themselves (see matching.fingerprint).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from matching.fingerprint import Algorithm, Fingerprint

Checkpoint = Mapping[str, Any]
"""Where a fetch stands, as JSON-able data that only the client which wrote it reads."""


class MediaKind(StrEnum):
    """What an entry or an item of content is a fingerprint of."""

    IMAGE = "image"
    VIDEO = "video"


class Vote(StrEnum):
    """What a member says of one algorithm of an entry: the match is right, or it is not."""

    AFFIRMATIVE = "affirmative"
    NEGATIVE = "negative"


class Told(StrEnum):
    """What a kind of registry can be told: that there was a match, and nobody has decided yet; and
    what became of it."""

    MATCH = "match"
    OUTCOME = "outcome"


@dataclass(frozen=True, slots=True)
class Member:
    """An organisation that takes part in a registry, by the registry's own id."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class PeerVote:
    """Another member's vote on one algorithm of an entry. `reasons` are the registry's names."""

    algorithm: str
    vote: Vote
    member: Member
    reasons: tuple[str, ...] = ()
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class EntryRecord:
    """One record on a registry's list, whole: an update is the same record again.

    `omitted` names algorithms that the entry carries and this project does not match with, `cases`
    the numbers of the cases in which it was reported, of a registry that tells them.
    A withdrawn entry (a tombstone) has neither fingerprints nor votes, and no cases.
    """

    member: Member
    entry_id: str
    kind: MediaKind
    timestamp: datetime | None
    withdrawn: bool = False
    classification: str | None = None
    fingerprints: tuple[Fingerprint, ...] = ()
    omitted: tuple[str, ...] = ()
    votes: tuple[PeerVote, ...] = ()
    cases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing in a page that could not be read. It costs that entry, never the page."""

    what: str
    member_id: str | None = None
    entry_id: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of a registry. `checkpoint` is to be stored in the transaction that applies it.

    `more` is true while the current window holds further pages. `gone_before` is set on the last
    page of a list that was read whole: what stands on it from before that time is on it no more.
    """

    entries: tuple[EntryRecord, ...]
    problems: tuple[Problem, ...]
    checkpoint: Checkpoint
    more: bool
    gone_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """A registry's own reason for a negative vote on fingerprints of one algorithm."""

    id: str
    name: str
    algorithm: Algorithm


@dataclass(frozen=True, slots=True)
class Outcome:
    """What we tell a registry about one algorithm of one entry.

    Without a vote it says that there was a match and nobody has decided yet. `reason_ids` are the
    registry's own, `tags` words of ours, for a registry that takes them. `fingerprint` is the
    entry's, for a registry that knows its entries by nothing else.
    """

    member_id: str
    entry_id: str
    algorithm: Algorithm
    vote: Vote | None
    reason_ids: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    fingerprint: Fingerprint | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The other side's acceptance, as far as it may be kept: no body, no fingerprint."""

    status: int
    note: str = field(default="")
