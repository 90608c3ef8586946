"""What members say of an indicator: their descriptors of it, and their reactions to others'."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exchange.json_object import clean, list_in, text_in
from exchange.records import Member, PeerVote, Vote
from matching.fingerprint import Algorithm

FOR, AGAINST = "MALICIOUS", "NON_MALICIOUS"
"""The status of a descriptor that says what the content is, and of one that says it is harmless."""

_VOTES = {
    FOR: Vote.AFFIRMATIVE,
    "HELPFUL": Vote.AFFIRMATIVE,
    "ACTION_TAKEN": Vote.AFFIRMATIVE,
    AGAINST: Vote.NEGATIVE,
    "NOT_HELPFUL": Vote.NEGATIVE,
    "DISAGREE_WITH_TAGS": Vote.NEGATIVE,
}
"""Which statuses and which reactions are a vote. AGAINST is both."""


@dataclass(frozen=True, slots=True)
class Descriptor:
    """One member's word on an indicator. `reactions` are those of others, as (word, member id)."""

    id: str
    owner: Member
    status: str
    tags: tuple[str, ...]
    reactions: tuple[tuple[str, str], ...]
    ours: frozenset[str]
    """Our own reactions to it, where they were asked for."""


def read_descriptors(record: Mapping[str, Any]) -> tuple[Descriptor, ...]:
    """The descriptors of an indicator that we can see.

    One without its owner is left out: it comes and goes by a fault of the service, says Meta's
    client, which drops it too.
    """
    listed = record.get("descriptors")
    return tuple(_descriptors(list_in(listed, "data") if isinstance(listed, dict) else ()))


def read_votes(
    descriptors: Sequence[Descriptor], algorithm: Algorithm, us: str
) -> tuple[PeerVote, ...]:
    """What other members say, one vote each: by a descriptor before a reaction, against before for.

    The first descriptor that is for it is the submission itself and no vote.
    """
    named = {one.owner.id: one.owner for one in descriptors}
    said = _last_words((member, word) for one in descriptors for word, member in one.reactions)
    said |= _last_words((one.owner.id, one.status) for one in descriptors)
    first = next((one.owner.id for one in descriptors if one.status == FOR), None)
    if first is not None and said[first] == FOR:
        del said[first]
    return tuple(
        PeerVote(
            algorithm,
            _VOTES[word],
            named.get(member, Member(member, f"app {member}")),
            (word,) if _VOTES[word] is Vote.NEGATIVE else (),
        )
        for member, word in said.items()
        if member != us
    )


def _last_words(words: Iterable[tuple[str, str]]) -> dict[str, str]:
    """One word for each member, of those that are a vote. Against is the last word."""
    last: dict[str, str] = {}
    for member, word in words:
        known = _VOTES.get(last.get(member, ""))
        if known is None or (known is Vote.AFFIRMATIVE and _VOTES.get(word) is Vote.NEGATIVE):
            last[member] = word
    return {member: word for member, word in last.items() if word in _VOTES}


def _descriptors(listed: Iterable[object]) -> Iterator[Descriptor]:
    for one in listed:
        owner = one.get("owner") if isinstance(one, dict) else None
        if not isinstance(one, dict) or not isinstance(owner, dict):
            continue
        ident, owner_id = read_id(one), read_id(owner)
        if ident and owner_id:
            yield Descriptor(
                ident,
                Member(owner_id, text_in(owner, "name") or f"app {owner_id}"),
                text_in(one, "status"),
                tuple(_tags(one.get("tags"))),
                tuple(_reactions(list_in(one, "reactions"))),
                frozenset(filter(None, map(clean, list_in(one, "my_reactions")))),
            )


def _tags(tags: object) -> Iterator[str]:
    """A list of names, or of objects with one: the service has both forms."""
    listed = tags.get("data") if isinstance(tags, dict) else tags
    for tag in listed if isinstance(listed, list) else ():
        name = text_in(tag, "text") if isinstance(tag, dict) else clean(tag)
        if name:
            yield name


def _reactions(reactions: Iterable[object]) -> Iterator[tuple[str, str]]:
    """`[{"key": "HELPFUL", "value": "111,222"}]`: a word and the members that said it."""
    for one in reactions:
        if isinstance(one, dict):
            for member_id in text_in(one, "value", limit=65_536).split(","):
                if is_id(member_id):
                    yield text_in(one, "key"), member_id


def read_id(record: Mapping[str, Any]) -> str:
    """The id of an object, which is a number in digits; empty where it is none."""
    value = record.get("id")
    ident = str(value) if isinstance(value, int) and not isinstance(value, bool) else clean(value)
    return ident if is_id(ident) else ""


def is_id(text: str) -> bool:
    """Whether this can be the id of an object of the Graph API."""
    return 0 < len(text) <= 40 and text.isascii() and text.isdigit()
