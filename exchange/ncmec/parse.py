"""The protocol's answers as records."""

import re
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from exchange.errors import Unavailable
from exchange.ncmec.assumed import MEMBERS_ROOT
from exchange.ncmec.document import read_document
from exchange.ncmec.entry import read_entry
from exchange.ncmec.names import algorithm_name, shown
from exchange.ncmec.votes import read_member
from exchange.records import EntryRecord, Member, Problem, Reason
from matching.fingerprint import Algorithm

# Beneath /v2/ of the base: a path without empty or dotted segments, which could lead elsewhere.
_NEXT = re.compile(r"/v2(?:/(?!\.{1,2}(?:[/?]|$))[\w.%~:;=@!$&'()*+,-]+)+(?:\?[!-~]*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Listing:
    """One `<queryResult>`: its entries, what of it could not be read, the path of the next page."""

    entries: tuple[EntryRecord, ...]
    problems: tuple[Problem, ...]
    next: str | None


def read_listing(body: bytes) -> Listing:
    """The answer to `GET /v2/entries`. Raises Unavailable where it is not a `<queryResult>`."""
    root = read_document(body, "entries", "queryResult")
    entries: list[EntryRecord] = []
    problems: list[Problem] = []
    following = None
    for part in root:
        if part.tag in ("images", "videos"):
            for element in part:
                entry, faults = read_entry(element)
                problems += faults
                if entry is not None:
                    entries.append(entry)
        elif part.tag == "paging":
            following = _next(part)
        else:
            problems.append(Problem(f"unknown <{shown(part.tag)}> beside the entries"))
    return Listing(tuple(entries), tuple(problems), following)


def read_status(body: bytes) -> Member:
    """The answer to `GET /v2/status`: who we are to them. Raises Unavailable."""
    member = read_member(read_document(body, "status", "status").find("member"))
    if member is None:
        raise Unavailable("NCMEC: status: the answer names no member", status=200)
    return member


def read_members(body: bytes) -> tuple[Member, ...]:
    """The answer to `GET /v2/members`. Raises Unavailable."""
    root = read_document(body, "members", MEMBERS_ROOT)
    return tuple(filter(None, map(read_member, root.iterfind("member"))))


def read_reasons(body: bytes, algorithm: Algorithm) -> tuple[Reason, ...]:
    """The answer to `GET /v2/feedback/{ALGORITHM}/reasons`, whichever element wraps the reasons.

    A reason of another algorithm is left out. Raises Unavailable.
    """
    root = read_document(body, "reasons")
    if root.tag != "availableFeedbackReasons" and root.find("availableFeedbackReasons") is None:
        raise Unavailable(
            "NCMEC: reasons: the answer holds no <availableFeedbackReasons>", status=200
        )
    return tuple(
        Reason(guid, reason.get("name", "").strip()[:255] or guid, algorithm)
        for reason in root.iter("reason")
        if (guid := reason.get("guid", "").strip()[:255])
        and algorithm_name(reason.get("type", algorithm)) == algorithm
    )


def read_receipt(body: bytes) -> None:
    """The answer to a feedback: `<submissionResult/>` or nothing.

    Raises Unavailable for anything else: a portal's sign-in page answers 200 too.
    """
    if body.strip():
        read_document(body, "feedback", "submissionResult")


def _next(paging: Element) -> str | None:
    """The path of the next page, None on the last. Whatever else stands there must not pass for
    the last page: the window would be closed with entries unread."""
    text = (paging.findtext("next") or "").strip()
    if text and not (len(text) <= 4096 and _NEXT.fullmatch(text)):
        raise Unavailable("NCMEC: entries: the next page's path is not beneath /v2/", status=200)
    return text or None
