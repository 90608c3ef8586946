"""Passing a hit over: it goes back into the queue, and `next` offers it to others for a while."""

from datetime import datetime

from sqlalchemy.orm import Session

from config.policy import Policy
from moderation import audit, claims
from moderation.claims import ClaimRefused
from moderation.naming import hit_name
from moderation.people import Identity
from store.skip import Skip
from store.upsert import insert


def skip(
    session: Session, hit_id: int, person: Identity, reason: str, policy: Policy, now: datetime
) -> None:
    """Put back one's hit for one of the policy's reasons. Raises ClaimRefused."""
    if reason not in {one.code for one in policy.reasons.skip}:
        raise ClaimRefused("Choose one of the reasons to pass a hit over.")
    claims.give_back(session, hit_id, person)
    session.execute(
        insert(session, Skip)
        .values(hit_id=hit_id, person_id=person.id, skipped_at=now)
        .on_conflict_do_update(
            index_elements=[Skip.hit_id, Skip.person_id], set_={"skipped_at": now}
        )
    )
    audit.append(
        session,
        at=now,
        actor=person.actor,
        action="hit.skipped",
        subject=hit_name(hit_id),
        details={"reason": reason},
    )
