"""Looking again at what was decided: a person says that a decision stands."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from moderation import audit
from moderation.decisions import DecisionRefused
from moderation.naming import decision_name, hit_name
from moderation.people import Identity
from moderation.permissions import Permission
from store.hit import Decision, Hit


def agree(
    session: Session, hit_id: int, seen_ordinal: int, person: Identity, now: datetime
) -> None:
    """Say that the newest decision, which the person saw, stands. Raises DecisionRefused.

    Whoever made it does not review it. Who disagrees decides otherwise (decisions.reverse).
    """
    if not person.may(Permission.REVERSE):
        raise DecisionRefused("Your role does not review decisions.")
    last = session.scalar(
        select(Decision).where(Decision.hit_id == hit_id).order_by(Decision.ordinal.desc()).limit(1)
    )
    if last is None or last.ordinal != seen_ordinal:
        raise DecisionRefused("Somebody decided this hit again meanwhile; look at it once more.")
    if last.person_id == person.id:
        raise DecisionRefused("This is your own decision; somebody else looks at it.")
    wanted = session.execute(
        update(Hit)
        .where(Hit.id == hit_id, Hit.state == "decided", Hit.review_reason.is_not(None))
        .values(review_reason=None)
        .returning(Hit.id)
        .execution_options(synchronize_session=False)
    ).first()
    if wanted is None:
        raise DecisionRefused("This decision waits for no review.")
    audit.append(
        session,
        at=now,
        actor=person.actor,
        action="hit.reviewed",
        subject=hit_name(hit_id),
        details={"decision": decision_name(last.id)},
    )
