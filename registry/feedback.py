"""Reading a vote as a member sends it: `<feedbackSubmission>`."""

import xml.etree.ElementTree as ET
from dataclasses import dataclass

from defusedxml.ElementTree import fromstring
from werkzeug.exceptions import BadRequest

from exchange.records import Vote
from registry.reasons import reasons_for
from registry.wire import NAMESPACE, WireAlgorithm

MAX_BYTES = 16 * 1024
_NS = f"{{{NAMESPACE}}}"


@dataclass(frozen=True, slots=True)
class Feedback:
    """One member's word on one algorithm. `reason_ids` are sorted guids, none if affirmative."""

    vote: Vote
    reason_ids: tuple[str, ...] = ()


def parse_algorithm(text: str) -> WireAlgorithm:
    """The algorithm in a path, in the protocol's capitals. Raises BadRequest."""
    try:
        return WireAlgorithm(text)
    except ValueError:
        known = ", ".join(WireAlgorithm)
        raise BadRequest(f"unknown algorithm in the path; known are {known}") from None


def parse_feedback(body: bytes, algorithm: WireAlgorithm) -> Feedback:
    """Read a submission. Raises BadRequest saying what is wrong with it."""
    children = list(_root(body))
    match [child.tag for child in children]:
        case [tag] if tag == f"{_NS}affirmative" and not len(children[0]):
            return Feedback(Vote.AFFIRMATIVE)
        case [tag] if tag == f"{_NS}negative":
            return Feedback(Vote.NEGATIVE, _reason_ids(children[0], algorithm))
    raise BadRequest("feedbackSubmission holds either <affirmative/> or <negative>, and only that")


def _root(body: bytes) -> ET.Element:
    try:
        root: ET.Element = fromstring(body, forbid_dtd=True)
    except (ET.ParseError, ValueError, LookupError):  # DefusedXmlException is a ValueError
        raise BadRequest("the body is not a well-formed XML document without a DTD") from None
    if root.tag != f"{_NS}feedbackSubmission":
        raise BadRequest(f"the body is not a feedbackSubmission of the namespace {NAMESPACE}")
    return root


def _reason_ids(negative: ET.Element, algorithm: WireAlgorithm) -> tuple[str, ...]:
    guids = {(guid.text or "").strip() for guid in negative.findall(f"{_NS}reasonIds/{_NS}guid")}
    if not guids:
        raise BadRequest("a negative vote names at least one reason: <reasonIds><guid>…")
    if not guids <= {reason.guid for reason in reasons_for(algorithm)}:
        raise BadRequest(
            f"unknown reason for {algorithm}; GET /v2/feedback/{algorithm}/reasons lists them"
        )
    return tuple(sorted(guids))
