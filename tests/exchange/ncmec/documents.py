"""Documents as NCMEC's service writes them, from records."""

from collections.abc import Iterable
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from exchange.ncmec.names import NAMESPACE
from exchange.records import EntryRecord, MediaKind, PeerVote, Vote
from exchange.timestamps import write_utc

_TYPES = {"md5": "Md5", "sha1": "Sha1", "pdq": "Pdq", "tmk-pdqf": "TmkPdqf", "pdna": "Pdna"}


def entry_document(entry: EntryRecord, *, upper: bool = False, extra: str = "") -> str:
    """One entry. `upper` writes the hex in upper case; `extra` is put before the closing tag."""
    tag = entry.kind.value
    member = f"<member id={quoteattr(entry.member.id)}>{escape(entry.member.name)}</member>"
    when = f"<timestamp>{write_utc(entry.timestamp)}</timestamp>" if entry.timestamp else ""
    entry_id = f"<id>{escape(entry.entry_id)}</id>"
    if entry.withdrawn:
        tag = f"deleted{tag.capitalize()}"
        return f"<{tag}>{member}{entry_id}{when}{extra}</{tag}>"
    label = entry.classification
    classification = f"<classification>{escape(label)}</classification>" if label else ""
    prints = "".join(
        f"<{one.algorithm}>{one.hex.upper() if upper else one.hex}</{one.algorithm}>"
        for one in entry.fingerprints
    )
    large = "".join(f'<{name} rel="self" href="/v2/large/{name}"/>' for name in entry.omitted)
    return (
        f"<{tag}>{member}{when}{entry_id}{classification}"
        f"<fingerprints>{prints}{large}</fingerprints>{_feedback(entry.votes)}{extra}</{tag}>"
    )


def listing_document(
    entries: Iterable[EntryRecord | str], following: str | None = None, *, upper: bool = False
) -> bytes:
    """A `<queryResult>`. Entries may be given as text, to be put in as they are."""
    parts = {"images": "", "videos": ""}
    for entry in entries:
        if isinstance(entry, str):
            parts["images"] += entry
        else:
            group = "images" if entry.kind is MediaKind.IMAGE else "videos"
            parts[group] += entry_document(entry, upper=upper)
    groups = "".join(f'<{group} count="0">{inside}</{group}>' for group, inside in parts.items())
    paging = f"<paging><next>{escape(following)}</next></paging>" if following else ""
    return document("queryResult", f"{groups}{paging}")


def document(root: str, inside: str) -> bytes:
    """A document of the protocol, in its namespace."""
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    return f'{head}<{root} xmlns="{NAMESPACE}">{inside}</{root}>'.encode()


def _feedback(votes: Iterable[PeerVote]) -> str:
    inside = ""
    for (algorithm, vote), group in groupby(votes, lambda one: (one.algorithm, one.vote)):
        members = "".join(_members(one) for one in group)
        kind = _TYPES.get(algorithm, algorithm)
        if vote is Vote.AFFIRMATIVE:
            inside += f'<affirmativeFeedback type="{kind}">{members}</affirmativeFeedback>'
        else:
            reasons = f"<reasons>{members}</reasons>"
            inside += f'<negativeFeedback type="{kind}">{reasons}</negativeFeedback>'
    return f"<feedback>{inside}</feedback>" if inside else ""


def _members(vote: PeerVote) -> str:
    kind = _TYPES.get(vote.algorithm, vote.algorithm)
    reasons = "".join(
        f'<reason guid="g" name={quoteattr(name)} type="{kind}"/>' for name in vote.reasons
    )
    when = f' timestamp="{write_utc(vote.at)}"' if vote.at else ""
    member = f"<member id={quoteattr(vote.member.id)}>{escape(vote.member.name)}</member>"
    return f"{reasons}<members{when}>{member}</members>"
