"""Deciding where a second person may be asked: a decision, or a proposal for somebody else."""

from datetime import datetime

from sqlalchemy.orm import Session

from config.policy import Policy
from moderation import audit, decisions
from moderation.decisions import Choice, SecondWanted
from moderation.naming import hit_name
from moderation.people import Identity
from store.hit import Decision, Hit
from store.proposal import Proposal

DISAGREE = "two people see it differently"


def decide_or_propose(
    session: Session,
    hit_id: int,
    lease_number: int,
    person: Identity,
    choice: Choice,
    policy: Policy,
    now: datetime,
    *,
    together: int = 1,
) -> Decision | Proposal:
    """Decide an open hit; or, where the policy asks for a second person, propose the decision.

    The hit goes back into the queue for anybody but who proposed. If two see it differently a
    lead decides. Raises DecisionRefused.
    """
    try:
        return decisions.decide(
            session, hit_id, lease_number, person, choice, policy, now, together=together
        )
    except SecondWanted as wanted:
        return _propose(session, hit_id, person, choice, wanted, now)


def _propose(
    session: Session,
    hit_id: int,
    person: Identity,
    choice: Choice,
    wanted: SecondWanted,
    now: datetime,
) -> Proposal:
    hit = session.get_one(Hit, hit_id)
    hit.holder_id, hit.lease_until, hit.proposer_id = None, None, person.id
    if wanted.disagree:
        hit.for_lead, hit.escalated_at, hit.escalated_reason = True, now, DISAGREE
    proposal = Proposal(
        hit_id=hit_id,
        person_id=person.id,
        verdict=choice.verdict,
        reason=choice.reason,
        registry_reason=choice.registry_reason,
        note=choice.note.strip(),
        why=wanted.why,
        proposed_at=now,
    )
    session.add(proposal)
    session.flush()
    audit.append(
        session,
        at=now,
        actor=person.actor,
        action="hit.proposed",
        subject=hit_name(hit_id),
        details={
            "verdict": choice.verdict,
            "reason": choice.reason,
            "registry_reason": choice.registry_reason,
            "note": proposal.note,
            "why": DISAGREE if wanted.disagree else wanted.why,
        },
    )
    return proposal
