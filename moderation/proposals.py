"""The second pair of eyes: which decisions ask for another person, and what one has proposed."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, select, update
from sqlalchemy.orm import Session, joinedload

from config.policy import SecondPerson
from exchange.records import Vote
from moderation.priority import decided_here
from store.entry import PeerVoteRow
from store.hit import Decision, Hit
from store.proposal import Proposal


def wanted(
    session: Session, hit: Hit, verdict: str, together: int, rules: SecondPerson
) -> str | None:
    """Why a second person is to agree, in words; None if one is enough.

    `together` is how many hits are decided with this one.
    """
    if rules.bulk_over is not None and together > rules.bulk_over:
        return f"more than {rules.bulk_over} hits at once"
    if verdict == "dispute" and rules.dispute_of_confirmed and _confirmed(session, hit):
        return "others have confirmed this entry"
    return None


def standing(session: Session, hit_id: int) -> Sequence[Proposal]:
    """What was proposed for an open hit, oldest first."""
    query = (
        select(Proposal)
        .where(Proposal.hit_id == hit_id, Proposal.settled_at.is_(None))
        .options(joinedload(Proposal.person))
        .order_by(Proposal.id)
    )
    return session.scalars(query).all()


def proposed_by(person_id: int) -> ColumnElement[bool]:
    """The condition on Hit that this person's proposal is among those that stand for it."""
    theirs = exists().where(
        Proposal.hit_id == Hit.id, Proposal.person_id == person_id, Proposal.settled_at.is_(None)
    )
    return and_(Hit.proposer_id.is_not(None), theirs)


def stand_again(session: Session, hit: Hit, decision: Decision) -> None:
    """The decision is taken back: what was proposed before it stands as it did."""
    session.execute(
        update(Proposal)
        .where(Proposal.hit_id == hit.id, Proposal.settled_at == decision.decided_at)
        .values(settled_at=None)
        .execution_options(synchronize_session=False)
    )
    proposed = standing(session, hit.id)
    hit.proposer_id = proposed[-1].person_id if proposed else None


def settle(session: Session, hit_id: int, now: datetime) -> None:
    """The hit is decided: nothing is proposed for it any more."""
    session.execute(
        update(Proposal)
        .where(Proposal.hit_id == hit_id, Proposal.settled_at.is_(None))
        .values(settled_at=now)
        .execution_options(synchronize_session=False)
    )


def _confirmed(session: Session, hit: Hit) -> bool:
    """Whether other members, or somebody here on another hit, confirmed an entry behind the hit."""
    entry_ids = [match.entry_id for match in hit.matches]
    peers = select(func.count()).where(
        PeerVoteRow.entry_id.in_(entry_ids), PeerVoteRow.vote == Vote.AFFIRMATIVE
    )
    if session.scalar(peers):
        return True
    here = decided_here(session, entry_ids)
    return here.get("confirm", 0) + here.get("remove", 0) > (hit.verdict in ("confirm", "remove"))
