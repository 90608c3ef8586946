"""What we send: a vote as a `<feedbackSubmission>`, and the path it goes to."""

from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement, tostring

from exchange.errors import Refused
from exchange.ncmec.names import NAMESPACE, PATH_WORD
from exchange.records import Outcome, Vote


def write_feedback(outcome: Outcome) -> bytes:
    """The document of a vote, UTF-8.

    Raises Refused for an outcome without a vote, which NCMEC takes no word of, and for a negative
    vote without a reason of theirs.
    """
    if outcome.vote is None:
        raise Refused("NCMEC: feedback: a match is told once it is decided, not before")
    root = Element("feedbackSubmission", xmlns=NAMESPACE)
    if outcome.vote is Vote.AFFIRMATIVE:
        SubElement(root, "affirmative")
    else:
        if not outcome.reason_ids:
            raise Refused(
                "NCMEC: feedback: a negative vote needs one of the registry's own reasons"
            )
        guids = SubElement(SubElement(root, "negative"), "reasonIds")
        for reason_id in outcome.reason_ids:
            SubElement(guids, "guid").text = reason_id
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def feedback_path(outcome: Outcome) -> str:
    """Where a vote goes, percent-encoded. Raises Refused for an id that no path can carry."""
    ids = (outcome.member_id, outcome.entry_id)
    if any(part in ("", ".", "..") for part in ids):
        raise Refused("NCMEC: feedback: the entry's id cannot stand in an address")
    member, entry = (quote(part, safe="") for part in ids)
    return f"/v2/entries/{member}/{entry}/{PATH_WORD[outcome.algorithm]}/feedback"
