"""The answers of `threat_updates` as records: one entry for each indicator, which has one value."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from exchange.errors import Unavailable
from exchange.json_object import read_object, text_in
from exchange.records import EntryRecord, MediaKind, Member, Problem
from exchange.threatexchange.opinions import (
    AGAINST,
    Descriptor,
    read_descriptors,
    read_id,
    read_votes,
)
from matching.fingerprint import Algorithm, Fingerprint, FingerprintError

TYPES = {
    "HASH_PDQ": (MediaKind.IMAGE, Algorithm.PDQ),
    "HASH_MD5": (MediaKind.IMAGE, Algorithm.MD5),
    "HASH_SHA1": (MediaKind.IMAGE, Algorithm.SHA1),
    "HASH_VIDEO_MD5": (MediaKind.VIDEO, Algorithm.MD5),
}
"""The types of indicator that are matched. The digest of a film can also come under the plain type,
with the tag beneath."""

_FILM = "media_type_video"
_LONGEST = 255


@dataclass(frozen=True, slots=True)
class Updates:
    """One answer. `after` leads to the next page, None on the last; `newest` is its newest time."""

    entries: tuple[EntryRecord, ...]
    problems: tuple[Problem, ...]
    after: str | None
    newest: datetime | None


def read_updates(body: bytes, group: Member, us: str) -> Updates:
    """The answer to `threat_updates` of a privacy group, for the application `us`.

    Raises Unavailable where it is none.
    """
    document = read_object(body, "ThreatExchange: updates")
    listed = document.get("data")
    if not isinstance(listed, list):
        raise Unavailable("ThreatExchange: updates: the answer holds no data", status=200)
    problems: list[Problem] = []
    entries = []
    newest: datetime | None = None
    for number, record in enumerate(listed, start=1):
        if isinstance(record, dict):
            at = _time(record)
            newest = max(filter(None, (newest, at)), default=None)
            entry = _entry(number, record, at, group, us, problems)
            if entry is not None:
                entries.append(entry)
        else:
            problems.append(Problem(f"update {number} of the page: it is no object", group.id))
    return Updates(tuple(entries), tuple(problems), _after(document), newest)


def _after(document: dict[str, Any]) -> str | None:
    """The cursor of the next page, None on the last.

    `next` is a whole address with the access token in it: it only says that there is more.
    """
    paging = document.get("paging")
    if not isinstance(paging, dict) or not paging.get("next"):
        return None
    cursors = paging.get("cursors")
    after = text_in(cursors, "after", limit=4096) if isinstance(cursors, dict) else ""
    if not after:
        raise Unavailable("ThreatExchange: updates: there is more, but no cursor to it", status=200)
    return after


def _entry(
    number: int,
    record: dict[str, Any],
    at: datetime | None,
    group: Member,
    us: str,
    problems: list[Problem],
) -> EntryRecord | None:
    """One update; None where it cannot be kept, or is of a type that we do not match with."""
    ident = read_id(record)

    def report(what: str) -> None:
        problems.append(Problem(f"update {number} of the page: {what}", group.id, ident or None))

    kind_of = TYPES.get(text_in(record, "type"))
    if kind_of is None:
        return None
    kind, algorithm = kind_of
    if not ident:
        report("it has no id and is left out")
        return None
    if at is None:
        report("its last_updated cannot be read")
    if not isinstance(record.get("should_delete"), bool):
        report("should_delete is neither true nor false; it is left out")
        return None
    descriptors = read_descriptors(record)
    standing = [one for one in descriptors if one.status != AGAINST]
    # Without a descriptor it is no longer shared with us, says Meta's client: its issue 834.
    if record["should_delete"] or not standing:
        return EntryRecord(group, ident, kind, at, withdrawn=True)
    return _active(record, EntryRecord(group, ident, kind, at), algorithm, descriptors, us, report)


def _active(
    record: dict[str, Any],
    entry: EntryRecord,
    algorithm: Algorithm,
    descriptors: Sequence[Descriptor],
    us: str,
    report: Callable[[str], None],
) -> EntryRecord | None:
    try:
        fingerprint = Fingerprint.parse(algorithm, text_in(record, "indicator"))
    except FingerprintError as error:
        report(f"{error}; it is left out")
        return None
    tags = {tag for one in descriptors if one.status != AGAINST for tag in one.tags}
    return EntryRecord(
        entry.member,
        entry.entry_id,
        MediaKind.VIDEO if _FILM in tags else entry.kind,
        entry.timestamp,
        classification=_classification(tags),
        fingerprints=(fingerprint,),
        votes=read_votes(descriptors, algorithm, us),
    )


def _classification(tags: set[str]) -> str | None:
    """The tags in a row, as many as find room."""
    words = ""
    for tag in sorted(tags):
        longer = f"{words}, {tag}" if words else tag
        if len(longer) <= _LONGEST:
            words = longer
    return words or None


def _time(record: dict[str, Any]) -> datetime | None:
    """`last_updated`, seconds since 1970, as a number or in digits."""
    value = record.get("last_updated")
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        return datetime.fromtimestamp(int(value), UTC)
    except (ValueError, OverflowError, OSError):
        return None
