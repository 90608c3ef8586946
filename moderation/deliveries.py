"""What a decision says to whom: the rows of the outbox, planned with the decision.

The table in docs/protocols.md ("what a decision says to each") is this module in words.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from config.policy import Holds
from exchange.records import Vote
from moderation.naming import content_name, decision_name, hit_name
from store.delivery import Delivery
from store.hit import Decision, Hit, Match
from store.source import DisputeReason

PLATFORM = "platform"
TAGS = {"confirm": "confirmed", "remove": "removed", "dispute": "disputed"}
"""What a registry that takes tags is told beside its own word for the outcome (StopNCII)."""


class ReasonMissing(ValueError):
    """A dispute needs one of the registry's reasons, and none fits. Says what to do."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message to plan: to whom, about what, saying what."""

    destination: str
    source_id: int | None
    subject: str
    action: str
    body: dict[str, Any]


def plan(
    session: Session,
    hit: Hit,
    decision: Decision,
    previous: Decision | None,
    *,
    registry_reason: str,
    holds: Holds,
    now: datetime,
) -> list[str]:
    """Add the deliveries of `decision` in the caller's transaction; their idempotency keys.

    What an earlier decision of this hit has not sent yet is cancelled: the new one says it all.
    Raises ReasonMissing if a dispute has no reason that the registry knows.
    """
    if previous is not None:
        session.execute(
            update(Delivery)
            .where(
                Delivery.decision_id.in_(select(Decision.id).where(Decision.hit_id == hit.id)),
                Delivery.state.in_(("waiting", "failed")),
            )
            .values(state="cancelled")
            .execution_options(synchronize_session=False)
        )
    messages = [*_votes(session, hit, decision, registry_reason)]
    messages += _actions(hit, decision)
    keys = []
    for message in messages:
        held = holds.platform_seconds if message.source_id is None else holds.registry_seconds
        key = secrets.token_hex(16)
        session.add(
            Delivery(
                decision_id=decision.id,
                source_id=message.source_id,
                destination=message.destination,
                subject=message.subject,
                action=message.action,
                body=message.body,
                idempotency_key=key,
                state="waiting",
                next_attempt_at=now + timedelta(seconds=held),
                created_at=now,
            )
        )
        keys.append(key)
    session.flush()
    return keys


def _votes(
    session: Session, hit: Hit, decision: Decision, registry_reason: str
) -> Iterator[Message]:
    """One vote for each entry and algorithm that matched.

    None for an entry that was withdrawn, and none for a copy of what was removed here: it may be
    further from the entry than the registry's members agreed on.
    """
    vote = Vote.NEGATIVE if decision.verdict == "dispute" else Vote.AFFIRMATIVE
    for match in hit.matches:
        entry = match.entry
        if entry.withdrawn_at is not None or match.refused_hit_id is not None:
            continue
        reasons = _reason_ids(session, match, registry_reason) if vote is Vote.NEGATIVE else []
        yield Message(
            destination=f"registry:{entry.source.name}",
            source_id=entry.source_id,
            subject=f"entry:{entry.id}:{match.algorithm}",
            action=vote,
            body={
                "member_id": entry.member_id,
                "entry_id": entry.entry_id,
                "algorithm": match.algorithm,
                "vote": vote,
                "reason_ids": reasons,
                "tags": [TAGS[decision.verdict]],
            },
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


def _actions(hit: Hit, decision: Decision) -> Iterator[Message]:
    """What the platform is told: take it down, put it back, or let go of it.

    A confirmed hit asks nothing of the platform: the content is gone or in other hands. So what
    it was told last may be further back than the decision before this one.
    """
    action = {"remove": "remove", "dispute": "release"}.get(decision.verdict)
    told = [
        earlier.verdict
        for earlier in hit.decisions
        if earlier.ordinal < decision.ordinal and earlier.verdict != "confirm"
    ]
    if decision.verdict == "dispute" and told[-1:] == ["remove"]:
        action = "restore"
    if action is None:
        return
    yield Message(
        destination=PLATFORM,
        source_id=None,
        subject=content_name(hit.content.platform_id),
        action=action,
        body={
            "content_id": hit.content.platform_id,
            "hit": hit_name(hit.id),
            "decision": decision_name(decision.id),
        },
    )
