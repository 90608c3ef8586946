"""The answers of `FetchHashes` as records.

A hash is its own record there: it has no id. As an id must be fit to be shown and logged, and a
fingerprint is not, the id here is a digest of the hash.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from exchange.errors import Unavailable
from exchange.json_object import clean, list_in, number_in, read_object, text_in
from exchange.records import EntryRecord, MediaKind, Member, PeerVote, Problem, Vote
from exchange.stopncii.assumed import CASE_NUMBER, CASES, REGISTRY
from matching.fingerprint import Algorithm, Fingerprint, FingerprintError

_SIGNALS = {
    "ImagePDQ": (MediaKind.IMAGE, Algorithm.PDQ),
    "VideoMD5": (MediaKind.VIDEO, Algorithm.MD5),
}
_NOT_MATCHED = {"VideoTMK", "Text", "URL"}
_GONE = {"Withdrawn", "Deleted"}
_STANDING = {"Received", "Active", "Unknown", ""}
_VOTES = {"Blocked": Vote.AFFIRMATIVE, "NotBlocked": Vote.NEGATIVE}
_NO_VOTES = {"Unknown", "None", "QualityUnknown", "PendingReview", "Withdrawn", "Deleted"}


@dataclass(frozen=True, slots=True)
class Fetched:
    """One answer. `token` leads to the next page, None on the last; `upto` is the service's advice
    where to go on from, in seconds since 1970."""

    entries: tuple[EntryRecord, ...]
    problems: tuple[Problem, ...]
    token: str | None
    upto: int | None


def read_fetched(body: bytes) -> Fetched:
    """The answer to `FetchHashes`. Raises Unavailable where it is none."""
    document = read_object(body, "StopNCII: hashes")
    if not isinstance(document.get("hashRecords"), list):
        raise Unavailable("StopNCII: hashes: the answer holds no hashRecords", status=200)
    problems: list[Problem] = []
    entries = [
        entry
        for number, record in enumerate(document["hashRecords"], start=1)
        if (entry := _entry(number, record, problems)) is not None
    ]
    upto = number_in(document, "nextSetTimestamp")
    return Fetched(tuple(entries), tuple(problems), _token(document), upto)


def entry_id(fingerprint: Fingerprint) -> str:
    """The id we give a hash: 32 hex digits of a digest, the same for the same hash for good."""
    words = b"stopncii\0" + fingerprint.algorithm.encode() + b"\0" + fingerprint.value
    return hashlib.sha256(words).hexdigest()[:32]


def _token(document: dict[str, Any]) -> str | None:
    """What leads to the next page, None on the last. Nothing unclear may pass for the last."""
    more, token = document.get("hasMoreRecords"), text_in(document, "nextPageToken", limit=4096)
    if more is False:
        return None
    if more is not True or not token:
        raise Unavailable("StopNCII: hashes: it is unclear whether there is more", status=200)
    return token


def _entry(number: int, record: object, problems: list[Problem]) -> EntryRecord | None:
    """One record; None where it cannot be kept, or is not a hash of a kind we match with."""
    ident: str | None = None

    def report(what: str) -> None:
        problems.append(Problem(f"record {number} of the page: {what}", REGISTRY.id, ident))

    if not isinstance(record, dict):
        report("it is no object and is left out")
        return None
    signal = text_in(record, "signalType")
    if signal not in _SIGNALS:
        if signal not in _NOT_MATCHED:
            report("unknown signalType; it is left out")
        return None
    kind, algorithm = _SIGNALS[signal]
    try:
        fingerprint = Fingerprint.parse(algorithm, text_in(record, "hashValue"))
    except FingerprintError as error:
        report(f"{error}; it is left out")
        return None
    ident = entry_id(fingerprint)
    timestamp = _time(record, report)
    status = text_in(record, "hashStatus")
    if status in _GONE:
        return EntryRecord(REGISTRY, ident, kind, timestamp, withdrawn=True)
    if status not in _STANDING:
        report("unknown hashStatus; it is taken for active")
    votes = tuple(_votes(record, algorithm, report))
    return EntryRecord(
        REGISTRY,
        ident,
        kind,
        timestamp,
        fingerprints=(fingerprint,),
        votes=votes,
        cases=_cases(record, report),
    )


def _cases(record: dict[str, Any], report: Callable[[str], None]) -> tuple[str, ...]:
    """The numbers of the cases, whatever the state of each: people ask by them afterwards too."""
    cases = record.get("caseNumbers")
    if not cases:
        return ()  # no cases come as an empty list too
    if not isinstance(cases, dict):
        report("caseNumbers is no object; the cases are left out")
        return ()
    numbers = [clean(number, limit=CASE_NUMBER) for number in list(cases)[:CASES]]
    if not all(numbers) or len(cases) > CASES:
        report("case numbers that are too long, or too many, are left out")
    return tuple(number for number in dict.fromkeys(numbers) if number)


def _votes(
    record: dict[str, Any], algorithm: Algorithm, report: Callable[[str], None]
) -> Iterator[PeerVote]:
    """What other platforms decided. An unknown feedback costs itself, not the record."""
    for feedback in list_in(record, "CSPFeedbacks"):
        source = text_in(feedback, "source") if isinstance(feedback, dict) else ""
        value = text_in(feedback, "feedbackValue") if source else ""
        if value in _VOTES:
            tags = tuple(filter(None, map(clean, list_in(feedback, "tags"))))
            yield PeerVote(algorithm, _VOTES[value], Member(source, source), tags)
        elif value not in _NO_VOTES:
            report("a CSPFeedback without source or with an unknown feedbackValue")


def _time(record: dict[str, Any], report: Callable[[str], None]) -> datetime | None:
    seconds = number_in(record, "lastModtimestamp")
    try:
        if seconds is not None:
            return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    report("its lastModtimestamp cannot be read")
    return None
