"""One `<image>`, `<video>`, `<deletedImage>` or `<deletedVideo>` as an EntryRecord.

A fault costs as little as it can: a vote, a fingerprint, or the entry, never the page. It is always
reported, with the member's and the entry's id and without any value.
"""

from datetime import datetime
from xml.etree.ElementTree import Element

from exchange.ncmec.document import text_of
from exchange.ncmec.names import algorithm_name, shown
from exchange.ncmec.votes import Report, read_member, read_votes
from exchange.records import EntryRecord, MediaKind, Problem
from exchange.timestamps import read_utc
from matching.fingerprint import Algorithm, Fingerprint, FingerprintError

_KINDS = {
    "image": (MediaKind.IMAGE, False),
    "deletedImage": (MediaKind.IMAGE, True),
    "video": (MediaKind.VIDEO, False),
    "deletedVideo": (MediaKind.VIDEO, True),
}
_PARTS = {"member", "timestamp", "id", "classification", "fingerprints", "feedback"}


def read_entry(element: Element) -> tuple[EntryRecord | None, list[Problem]]:
    """The entry, None where it cannot be kept, and everything about it that could not be read."""
    member = read_member(element.find("member"))
    entry_id = _entry_id(element)
    problems: list[Problem] = []

    def report(what: str) -> None:
        problems.append(Problem(what, member.id if member else None, entry_id))

    if element.tag not in _KINDS:
        report(f"unknown kind of entry <{shown(element.tag)}>; the entry is left out")
    elif member is None:
        report("no member's id; the entry is left out")
    elif entry_id is None:
        report("no usable <id>; the entry is left out")
    else:
        kind, withdrawn = _KINDS[element.tag]
        for tag in dict.fromkeys(part.tag for part in element if part.tag not in _PARTS):
            report(f"unknown <{shown(tag)}>; the rest of the entry is kept")
        timestamp = _time(element, report)
        if withdrawn:
            return EntryRecord(member, entry_id, kind, timestamp, withdrawn=True), problems
        readable, omitted, unreadable = _fingerprints(element, report)
        if unreadable and not readable:
            report("none of its fingerprints can be read; the entry is left out")
            return None, problems
        return EntryRecord(
            member,
            entry_id,
            kind,
            timestamp,
            classification=text_of(element.find("classification")),
            fingerprints=readable,
            omitted=omitted,
            votes=tuple(read_votes(element.find("feedback"), report)),
        ), problems
    return None, problems


def _entry_id(element: Element) -> str | None:
    """The id; None for one that no path could carry, since a vote on it could never be sent."""
    entry_id = text_of(element.find("id"))
    return None if entry_id in (".", "..") else entry_id


def _time(element: Element, report: Report) -> datetime | None:
    text = text_of(element.find("timestamp"))
    if text is None:
        return None
    try:
        return read_utc(text)
    except ValueError:
        report("its <timestamp> cannot be read")
        return None


def _fingerprints(
    element: Element, report: Report
) -> tuple[tuple[Fingerprint, ...], tuple[str, ...], bool]:
    """What we match with, the names of what we do not, and whether anything was unreadable.

    Large fingerprints are empty elements with an `href`: they are not fetched, whatever they are.
    """
    readable: dict[Fingerprint, None] = {}
    omitted: dict[str, None] = {}
    unreadable = False
    for part in element.iterfind("fingerprints/*"):
        name = algorithm_name(part.tag)
        value = (part.text or "").strip()
        if name not in set(Algorithm) or not value:
            omitted[name] = None
            continue
        try:
            readable[Fingerprint.parse(name, value)] = None
        except FingerprintError as error:
            unreadable = True
            report(str(error))
    return tuple(readable), tuple(omitted), unreadable
