"""The `<feedback>` of an entry: what other members voted, on which algorithm, when and why."""

from collections.abc import Callable, Iterator
from datetime import datetime
from xml.etree.ElementTree import Element

from exchange.ncmec.document import text_of
from exchange.ncmec.names import algorithm_name, shown
from exchange.records import Member, PeerVote, Vote
from exchange.timestamps import read_utc

Report = Callable[[str], None]
"""Takes the description of something that could not be read."""

_VOTES = {
    "affirmativeFeedback": Vote.AFFIRMATIVE,
    "negativeFeedback": Vote.NEGATIVE,
}


def read_member(element: Element | None) -> Member | None:
    """`<member id="42">Name</member>`; None without an id. A missing name is the id again."""
    member_id = "" if element is None else element.get("id", "").strip()
    if not 0 < len(member_id) <= 255:
        return None
    return Member(member_id, text_of(element) or member_id)


def read_votes(feedback: Element | None, report: Report) -> Iterator[PeerVote]:
    """All votes of an entry. What cannot be read costs that vote and is reported."""
    for group in () if feedback is None else feedback:
        vote = _VOTES.get(group.tag)
        if vote is None:
            report(f"unknown feedback <{shown(group.tag)}>")
        else:
            yield from _group(group, vote, report)


def _group(group: Element, vote: Vote, report: Report) -> Iterator[PeerVote]:
    """The votes of one algorithm and one direction.

    In document order, whatever wraps them: the `<reason>`s that stand before a `<members>` are the
    reasons of those members, and several may stand there.
    """
    algorithm = algorithm_name(group.get("type", ""))
    latest = _time(group.get("lastUpdateTimestamp"), report)
    reasons: list[str] = []
    for element in group.iter():
        if element.tag == "reason":
            reasons.append((element.get("name") or element.get("guid") or "").strip()[:255])
        elif element.tag == "members":
            at = _time(element.get("timestamp"), report) or latest
            for voter in element:
                member = read_member(voter)
                if member is None:
                    report("a vote without a member's id")
                else:
                    yield PeerVote(algorithm, vote, member, tuple(filter(None, reasons)), at)
            reasons = []


def _time(text: str | None, report: Report) -> datetime | None:
    if text is None:
        return None
    try:
        return read_utc(text)
    except ValueError:
        report("the time of a vote cannot be read")
        return None
