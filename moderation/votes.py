"""What the registries are told: that there was a match, and what became of it.

The table in docs/protocols.md ("what a decision says to each") is this module in words.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from exchange.records import Told, Vote
from moderation.deliveries import Message
from moderation.support import still_says
from store.delivery import Delivery
from store.hit import Decision, Hit, Match
from store.source import DisputeReason

MATCH = "match"
TAGS = {"confirm": "confirmed", "remove": "removed", "dispute": "disputed"}
"""What a registry that takes tags is told beside its own word for the outcome (StopNCII)."""


class ReasonMissing(ValueError):
    """A dispute needs one of the registry's reasons, and none fits. Says what to do."""


def of_match(session: Session, matches: Iterable[Match]) -> Iterator[Message]:
    """That there were matches and nobody has decided yet, for registries that take it.

    Only as the first thing that is ever said of an entry: what was decided of another copy of it
    must not be taken back by a new one that waits.
    """
    for match in _standing(session, matches, Told.MATCH):
        message = _message(match, MATCH, _body(match), timedelta(0))
        told = exists().where(
            Delivery.destination == message.destination,
            Delivery.subject == message.subject,
            Delivery.state != "cancelled",
        )
        if not session.scalar(select(told)):
            yield message


def of_decision(
    session: Session, hit: Hit, decision: Decision, registry_reason: str, held: timedelta
) -> Iterator[Message]:
    """One vote for each entry and algorithm that matched.

    Raises ReasonMissing if a dispute has no reason that the registry knows.
    """
    vote = Vote.NEGATIVE if decision.verdict == "dispute" else Vote.AFFIRMATIVE
    for match in _standing(session, hit.matches, Told.OUTCOME):
        reasons = _reason_ids(session, match, registry_reason) if vote is Vote.NEGATIVE else []
        said = {"vote": vote, "reason_ids": reasons, "tags": [TAGS[decision.verdict]]}
        yield _message(match, vote, _body(match) | said, held)


def _standing(session: Session, matches: Iterable[Match], what: Told) -> Iterator[Match]:
    """The matches that a registry which takes `what` is told of.

    Not of an entry that was withdrawn or has other fingerprints since, and not of a copy of what
    was removed here: it may be further from the entry than the registry's members agreed on.
    """
    for match in matches:
        takes = what in match.entry.source.told
        if takes and match.refused_hit_id is None and still_says(session, match):
            yield match


def _body(match: Match) -> dict[str, Any]:
    return {
        "member_id": match.entry.member_id,
        "entry_id": match.entry.entry_id,
        "algorithm": match.algorithm,
        "vote": None,
        "reason_ids": [],
        "tags": [],
    }


def _message(match: Match, action: str, body: dict[str, Any], held: timedelta) -> Message:
    entry = match.entry
    return Message(
        destination=f"registry:{entry.source.name}",
        source_id=entry.source_id,
        subject=f"entry:{entry.id}:{match.algorithm}",
        action=action,
        body=body,
        held=held,
    )


def _reason_ids(session: Session, match: Match, wanted: str) -> list[str]:
    """The registry's id of the reason that is named so for this algorithm; none if it has none.

    Registries list reasons for each algorithm; a name that this algorithm lacks falls back to
    its only reason, and to a refusal where there is a choice to make.
    """
    source = match.entry.source
    if source.reasons_at is None:
        raise ReasonMissing(
            f"The reasons of {source.name} have not been fetched yet; a dispute needs one of "
            "them. They are fetched with the next sync."
        )
    query = select(DisputeReason.reason_id, DisputeReason.name).where(
        DisputeReason.source_id == source.id, DisputeReason.algorithm == match.algorithm
    )
    reasons = {row.name: str(row.reason_id) for row in session.execute(query)}
    if wanted in reasons:
        return [reasons[wanted]]
    if len(reasons) <= 1:
        return list(reasons.values())
    raise ReasonMissing(f"Choose one of the reasons of {source.name} for the dispute.")
