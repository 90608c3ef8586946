"""What the platform is told to do with content: hold it, take it down, put it back, let it go.

What it was told last is read from the outbox, so that each message fits what the platform did.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, joinedload

from config.policy import Policy
from moderation import deliveries
from moderation.deliveries import Message
from moderation.naming import content_name, decision_name, hit_name
from store.content import Content
from store.delivery import Delivery
from store.entry import Entry
from store.hit import Decision, Hit, Match

PLATFORM = "platform"
STATES = ("hold", "release", "remove", "restore")
"""The actions that say how content stands; `refuse-fingerprint` says nothing of it."""


def hold_opened(session: Session, hit_ids: Sequence[int], policy: Policy, now: datetime) -> None:
    """Have the platform hold content that is open to decide and near enough for the policy.

    For what the platform shows already: at upload time the answer to the check says it. An entry
    that is for review only holds nothing by itself.
    """
    nearest = {"none": -1, "exact": 0, "all": 256}[policy.platform.hold]
    query = (
        select(Hit)
        .where(
            Hit.id.in_(hit_ids),
            Hit.state == "open",
            exists().where(
                Match.hit_id == Hit.id,
                Match.distance <= nearest,
                Match.entry_id == Entry.id,
                Entry.review_only_at.is_(None),
            ),
        )
        .options(joinedload(Hit.content))
        .order_by(Hit.id)
    )
    for hit in session.scalars(query):
        if _told(session, hit) not in ("hold", "remove"):
            deliveries.plan(session, hit, None, [_message(hit, None, "hold", policy)], now)


def of_decision(
    session: Session, hit: Hit, decision: Decision, policy: Policy
) -> Iterator[Message]:
    """What a decision asks of the platform. A confirmed hit asks nothing: the content is gone
    already or in other hands."""
    told = _told(session, hit)
    if decision.verdict == "remove" and told != "remove":
        yield _message(hit, decision, "remove", policy)
        yield _message(hit, decision, "refuse-fingerprint", policy)
    elif decision.verdict == "dispute":
        action = "restore" if told == "remove" else "release"
        yield _message(hit, decision, action, policy)


def of_undo(session: Session, hit: Hit, policy: Policy) -> Iterator[Message]:
    """A removal that was taken back while it may have reached the platform: the content is kept
    from being seen until the hit is decided, and comes back or goes with that."""
    if _told(session, hit) == "remove":
        yield _message(hit, None, "hold", policy)


def of_withdrawal(session: Session, hit: Hit, policy: Policy) -> Iterator[Message]:
    """An open hit that nothing supports any more lets go of what was held for it."""
    if _told(session, hit) == "hold":
        yield _message(hit, None, "release", policy)


def _told(session: Session, hit: Hit) -> str | None:
    """What the platform was told last of this content; None for nothing."""
    return session.scalar(
        select(Delivery.action)
        .where(
            Delivery.destination == PLATFORM,
            Delivery.subject == content_name(hit.content.platform_id),
            Delivery.state != "cancelled",
            Delivery.action.in_(STATES),
        )
        .order_by(Delivery.id.desc())
        .limit(1)
    )


def _message(hit: Hit, decision: Decision | None, action: str, policy: Policy) -> Message:
    content: Content = hit.content
    return Message(
        destination=PLATFORM,
        source_id=None,
        subject=content_name(content.platform_id),
        action=action,
        body={
            "content_id": content.platform_id,
            "hit": hit_name(hit.id),
            "decision": decision_name(decision.id) if decision else None,
        },
        held=timedelta(seconds=policy.holds.platform_seconds),
    )
