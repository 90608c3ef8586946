"""The protocol's XML documents, written. Element names and attributes: NCMEC hash sharing v2."""

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby

from exchange.records import MediaKind, Vote
from matching.fingerprint import Algorithm, Fingerprint
from registry.reasons import WireReason, reasons_for
from registry.tables import Entry, EntryVote, Member
from registry.wire import NAMESPACE, WireAlgorithm, format_time

_GROUPS = ((MediaKind.IMAGE, "images"), (MediaKind.VIDEO, "videos"))


def status_document(address: str, username: str, member: Member) -> bytes:
    """Who is asking, as this registry sees it."""
    root = _root("status")
    _text(root, "ipAddress", address)
    _text(root, "username", username)
    _member(root, member)
    return _bytes(root)


def members_document(members: Iterable[Member]) -> bytes:
    """Everybody who takes part."""
    root = _root("members")
    for member in members:
        _member(root, member)
    return _bytes(root)


def reasons_document(reasons: Iterable[WireReason]) -> bytes:
    """The reasons for a negative vote, inside a wrapper: the form that Meta's client reads."""
    root = _root("feedbackReasons")
    available = ET.SubElement(root, "availableFeedbackReasons")
    for reason in reasons:
        _reason(available, reason)
    return _bytes(root)


def accepted_document() -> bytes:
    """A vote was stored."""
    return _bytes(_root("submissionResult"))


def error_document(message: str) -> bytes:
    """Why a request was refused. Assumed: the protocol does not describe error bodies."""
    root = _root("error")
    _text(root, "message", message)
    return _bytes(root)


def entries_document(entries: Sequence[Entry], following: str | None) -> bytes:
    """One page of a window, in the order given; `following` is the path of the next page.

    `count` and `maxTimestamp` are of this page; an empty list has no maxTimestamp.
    """
    root = _root("queryResult")
    for kind, tag in _GROUPS:
        of_kind = [entry for entry in entries if entry.kind is kind]
        group = ET.SubElement(root, tag, count=str(len(of_kind)))
        if of_kind:
            group.set("maxTimestamp", format_time(max(entry.timestamp for entry in of_kind)))
        for entry in of_kind:
            (_tombstone if entry.withdrawn else _entry)(group, entry)
    if following:
        _text(ET.SubElement(root, "paging"), "next", following)
    return _bytes(root)


def _entry(group: ET.Element, entry: Entry) -> None:
    element = ET.SubElement(group, entry.kind.value)
    _member(element, entry.member)
    _text(element, "timestamp", format_time(entry.timestamp))
    _text(element, "id", entry.entry_id)
    if entry.classification:
        _text(element, "classification", entry.classification)
    fingerprints = ET.SubElement(element, "fingerprints")
    for each in entry.fingerprints:
        wire = WireAlgorithm.of(each.algorithm)
        _text(fingerprints, wire.tag, Fingerprint(each.algorithm, each.value).hex)
    if entry.votes:
        _feedback(element, entry.votes)


def _tombstone(group: ET.Element, entry: Entry) -> None:
    element = ET.SubElement(group, f"deleted{entry.kind.value.capitalize()}")
    _member(element, entry.member)
    _text(element, "id", entry.entry_id)
    _text(element, "timestamp", format_time(entry.timestamp))


def _feedback(entry: ET.Element, votes: Sequence[EntryVote]) -> None:
    feedback = ET.SubElement(entry, "feedback", lastUpdateTimestamp=_latest(votes))
    for algorithm in Algorithm:
        for vote in Vote:
            cast = [v for v in votes if v.algorithm is algorithm and v.vote is vote]
            if cast:
                wire = WireAlgorithm.of(algorithm)
                block = ET.SubElement(
                    feedback,
                    f"{vote.value}Feedback",
                    type=wire.type_name,
                    lastUpdateTimestamp=_latest(cast),
                )
                if vote is Vote.AFFIRMATIVE:
                    _voters(block, cast)
                else:
                    _reasoned(ET.SubElement(block, "reasons"), wire, cast)


def _reasoned(parent: ET.Element, wire: WireAlgorithm, cast: Sequence[EntryVote]) -> None:
    """Each set of reasons, followed by the members who gave just these."""
    known = {reason.guid: reason for reason in reasons_for(wire)}
    in_order = sorted(cast, key=lambda vote: (vote.reason_ids, vote.member_id))
    for guids, same in groupby(in_order, key=lambda vote: vote.reason_ids):
        for guid in guids:
            _reason(parent, known[guid])
        _voters(parent, list(same))


def _voters(parent: ET.Element, cast: Sequence[EntryVote]) -> None:
    members = ET.SubElement(parent, "members", timestamp=_latest(cast))
    for vote in sorted(cast, key=lambda vote: vote.member_id):
        _member(members, vote.member)


def _latest(votes: Iterable[EntryVote]) -> str:
    latest: datetime = max(vote.at for vote in votes)
    return format_time(latest)


def _reason(parent: ET.Element, reason: WireReason) -> None:
    ET.SubElement(
        parent, "reason", guid=reason.guid, name=reason.name, type=reason.algorithm.type_name
    )


def _member(parent: ET.Element, member: Member) -> None:
    ET.SubElement(parent, "member", id=str(member.id)).text = member.name


def _text(parent: ET.Element, tag: str, text: str) -> None:
    ET.SubElement(parent, tag).text = text


def _root(tag: str) -> ET.Element:
    return ET.Element(tag, xmlns=NAMESPACE)


def _bytes(root: ET.Element) -> bytes:
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document
