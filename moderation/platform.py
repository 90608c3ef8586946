"""What the platform is told to do with content: hold it, take it down, put it back, let it go.

What it was told last is read from the outbox, so that each message fits what the platform did. An
item can have several hits, one after the other: it comes back only when none of them keeps it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, exists, or_, select
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


class Told(NamedTuple):
    """What the platform may have heard last of an item, and for which hit.

    `surely` is false for what was cancelled after a try whose answer was lost: it is taken back as
    if it had arrived, and said anew as if it had not. `removed`: a removal may have reached it that
    no `restore` has ended since. It refuses the fingerprint then, even if it only holds the item.
    """

    action: str | None = None
    hit_id: int | None = None
    surely: bool = False
    removed: bool = False

    def is_known(self, *actions: str) -> bool:
        """Whether the platform has heard or will hear one of `actions` as the last word."""
        return self.surely and self.action in actions


def hold_opened(session: Session, hit_ids: Sequence[int], policy: Policy, now: datetime) -> None:
    """Have the platform hold content that is open to decide and near enough for the policy.

    For what the platform shows already: at upload time the answer to the check says it. An entry
    that is for review only holds nothing by itself.
    """
    query = (
        select(Hit)
        .where(Hit.id.in_(hit_ids), _is_to_be_held(policy))
        .options(joinedload(Hit.content))
        .order_by(Hit.id)
    )
    for hit in session.scalars(query):
        if not _told(session, hit).is_known("hold", "remove"):
            deliveries.plan(session, hit, None, [_message(hit, None, "hold", policy)], now)


def of_decision(
    session: Session, hit: Hit, decision: Decision, policy: Policy
) -> Iterator[Message]:
    """What a decision asks of the platform. A confirmed hit asks nothing: the content is gone
    already or in other hands.

    A removal is said for each hit that decides so: what another hit said may be taken back.
    """
    if decision.verdict == "remove":
        told = _told(session, hit)
        if not (told.is_known("remove") and told.hit_id == hit.id):
            yield _message(hit, decision, "remove", policy)
            yield _message(hit, decision, "refuse-fingerprint", policy)
    elif decision.verdict == "dispute":
        yield from _let_go(session, hit, decision, policy)


def of_undo(session: Session, hit: Hit, policy: Policy) -> Iterator[Message]:
    """A removal that was taken back while it may have reached the platform: the content is kept
    from being seen until the hit is decided, and comes back or goes with that. So is what the
    policy holds while its hit is open."""
    told = _told(session, hit)
    if told.is_known("hold"):
        return
    removed = told.removed and not _decided_elsewhere(session, hit, "remove")
    wanted = not told.is_known("remove") and _is_held(session, policy, Hit.id == hit.id)
    if removed or wanted:
        yield _message(hit, None, "hold", policy)


def of_withdrawal(session: Session, hit: Hit, policy: Policy) -> Iterator[Message]:
    """An open hit that nothing supports any more lets go of what was held for it: by a message, or
    by the answer at upload time, of which the outbox knows nothing."""
    yield from _let_go(session, hit, None, policy)


def _let_go(
    session: Session, hit: Hit, decision: Decision | None, policy: Policy
) -> Iterator[Message]:
    """The content may be seen again, as far as this hit goes."""
    if _decided_elsewhere(session, hit, "confirm", "remove"):
        return
    told = _told(session, hit)
    others = (Hit.content_id == hit.content_id, Hit.id != hit.id)
    if not _is_held(session, policy, *others):
        yield _message(hit, decision, "restore" if told.removed else "release", policy)
    elif not told.is_known("hold"):
        yield _message(hit, decision, "hold", policy)


def _is_to_be_held(policy: Policy) -> ColumnElement[bool]:
    """The condition on Hit: open, and near enough to an entry that is listed and not suspected."""
    nearest = {"none": -1, "exact": 0, "all": 256}[policy.platform.hold]
    return (Hit.state == "open") & exists().where(
        Match.hit_id == Hit.id,
        Match.distance <= nearest,
        Match.entry_id == Entry.id,
        Entry.review_only_at.is_(None),
        Entry.withdrawn_at.is_(None),
    )


def _is_held(session: Session, policy: Policy, *conditions: ColumnElement[bool]) -> bool:
    query = select(Hit.id).where(*conditions, _is_to_be_held(policy)).limit(1)
    return session.scalar(query) is not None


def _decided_elsewhere(session: Session, hit: Hit, *verdicts: str) -> bool:
    """Whether another hit on what the item is now stands decided so."""
    query = select(Hit.id).where(
        Hit.content_id == hit.content_id,
        Hit.id != hit.id,
        Hit.state == "decided",
        Hit.verdict.in_(verdicts),
        exists().where(Match.hit_id == Hit.id, _is_of_now(hit)),
    )
    return session.scalar(query.limit(1)) is not None


def _told(session: Session, hit: Hit) -> Told:
    """What the platform was told last of what the item is now, and may have heard."""
    query = (
        select(Delivery.action, Delivery.hit_id, Delivery.state)
        .where(
            Delivery.destination == PLATFORM,
            Delivery.subject == content_name(hit.content.platform_id),
            Delivery.action.in_(STATES),
            deliveries.is_said(),
            or_(
                Delivery.hit_id == hit.id,
                exists().where(Match.hit_id == Delivery.hit_id, _is_of_now(hit)),
            ),
        )
        .order_by(Delivery.id.desc())
    )
    told = Told()
    for action, hit_id, state in session.execute(query):
        surely = state != "cancelled"
        if told.action is None:
            told = Told(action, hit_id, surely)
        if action == "remove":
            return told._replace(removed=True)
        if action == "restore" and surely:  # whatever was said before it counts no more
            return told
    return told


def _is_of_now(hit: Hit) -> ColumnElement[bool]:
    """The condition on Match: on the fingerprints that the hit's content has now. What was under
    the same id before was another picture."""
    return Match.content_revision == hit.content.revision


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
