"""Step 6, decisions: the decision, its audit line and its deliveries, in one transaction."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from config.policy import Policy
from moderation import (
    audit,
    deliveries,
    interruptions,
    platform,
    proposals,
    refusals,
    source_records,
    suspicion,
    votes,
)
from moderation.naming import content_name, hit_name
from moderation.people import Identity
from moderation.permissions import Permission
from store.entry import Entry
from store.hit import Decision, Hit, Match

MAX_NOTE = 2_000
LOOKS_LIKE_A_FINGERPRINT = re.compile(r"[0-9A-Fa-f]{32,}")


class Verdict(StrEnum):
    """The three things that can be said of a hit."""

    CONFIRM = "confirm"
    REMOVE = "remove"
    DISPUTE = "dispute"


class DecisionRefused(Exception):
    """The decision cannot be made. Nothing was changed; the message explains it to the person."""


class SecondWanted(DecisionRefused):
    """The policy asks for a second person first. `disagree`: one has proposed something else."""

    def __init__(self, why: str, *, disagree: bool = False) -> None:
        super().__init__(f"A second person is to look at this first: {why}.")
        self.why = why
        self.disagree = disagree


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chose. `registry_reason` is the name of one of the registry's own reasons."""

    verdict: Verdict
    reason: str
    note: str = ""
    registry_reason: str = ""


def decide(
    session: Session,
    hit_id: int,
    lease_number: int,
    person: Identity,
    choice: Choice,
    policy: Policy,
    now: datetime,
    *,
    together: int = 1,
) -> Decision:
    """Decide an open hit under one's lease, as one of `together` that are decided at once.

    Raises DecisionRefused, with nothing changed, if the person may not decide, does not hold this
    lease any more, or the choice is not complete; SecondWanted if it is not theirs alone.
    """
    if not person.may(Permission.DECIDE):
        raise DecisionRefused("Your role does not decide hits.")
    hit = locked(session, hit_id)
    _check_lease(hit, lease_number, person, now)
    _check_choice(choice, policy)
    _check_second(session, hit, person, choice, together, policy)
    return _decide(session, hit, person, choice, policy, now)


def decide_by_policy(
    session: Session, hit_id: int, choice: Choice, policy: Policy, now: datetime
) -> Decision:
    """Decide an open hit by the policy itself, if nobody holds it and nothing of it waits for a
    lead or for a second person. It is nobody's decision, and anybody who may reverse can reverse
    it. Raises DecisionRefused like `decide`."""
    hit = locked(session, hit_id)
    held = hit.lease_until is not None and hit.lease_until > now
    if hit.state != "open" or held or hit.for_lead or hit.proposer_id is not None:
        raise DecisionRefused("People work on this hit, or it needs no decision.")
    return _decide(session, hit, None, choice, policy, now)


def reverse(
    session: Session,
    hit_id: int,
    seen_ordinal: int,
    person: Identity,
    choice: Choice,
    policy: Policy,
    now: datetime,
) -> Decision:
    """Decide a decided hit otherwise. `seen_ordinal` is the newest decision the person saw.

    Raises DecisionRefused if the person may not, if somebody was faster, or if the verdict is the
    one that stands. Whoever decided last may reverse, and a lead; where the policy asks for a
    second person, a lead who is not the one that decided.
    """
    if not person.may(Permission.REVERSE):
        raise DecisionRefused("Your role does not reverse decisions.")
    hit = locked(session, hit_id)
    if hit.state != "decided":
        raise DecisionRefused("This hit has not been decided, so there is nothing to reverse.")
    last = hit.decisions[-1]
    if last.ordinal != seen_ordinal:
        raise DecisionRefused("Somebody decided this hit again meanwhile; look at it once more.")
    own = last.person_id in (None, person.id)  # what the policy decided is everybody's
    if not own and not person.may(Permission.RELEASE_OTHERS):
        raise DecisionRefused("Only the person who decided, or a lead, can reverse this decision.")
    if last.verdict == choice.verdict:
        raise DecisionRefused("This is the decision that stands already.")
    why = proposals.wanted(session, hit, choice.verdict, 1, policy.second_person)
    alone = last.person_id == person.id or not person.may(Permission.RELEASE_OTHERS)
    if why is not None and alone:
        raise DecisionRefused(f"A second person is to look at this: {why}. Ask a lead to do it.")
    return _decide(session, hit, person, choice, policy, now)


def locked(session: Session, hit_id: int) -> Hit:
    """A hit with all that a decision rests on, locked. Raises DecisionRefused if there is none."""
    hit = session.scalar(
        select(Hit)
        .where(Hit.id == hit_id)
        .options(
            joinedload(Hit.content),
            selectinload(Hit.decisions).joinedload(Decision.undo),
            selectinload(Hit.matches).joinedload(Match.entry).joinedload(Entry.source),
        )
        .with_for_update(of=Hit)
    )
    if hit is None:
        raise DecisionRefused("There is no such hit.")
    return hit


def _check_lease(hit: Hit, lease_number: int, person: Identity, now: datetime) -> None:
    if hit.state == "decided":
        raise DecisionRefused("This hit has been decided already. Your decision was not needed.")
    if hit.state == "withdrawn":
        raise DecisionRefused(
            "The registry withdrew the entry behind this hit; it needs no decision any more."
        )
    held = hit.holder_id == person.id and hit.lease_until is not None and hit.lease_until > now
    if not held or hit.lease_number != lease_number:
        raise DecisionRefused(
            "Your claim on this hit ran out or passed to somebody else, so nothing was decided. "
            "Claim it again to go on."
        )


def _check_second(
    session: Session, hit: Hit, person: Identity, choice: Choice, together: int, policy: Policy
) -> None:
    """One person is enough, or another has proposed the same. Of two opinions a lead's decides."""
    proposed = proposals.standing(session, hit.id)
    if any(one.person_id == person.id for one in proposed):
        raise DecisionRefused("You have proposed a decision; somebody else is to look at it now.")
    if proposed and person.may(Permission.RELEASE_OTHERS):
        return
    if any(one.verdict != choice.verdict for one in proposed):
        raise SecondWanted(proposed[0].why, disagree=True)
    why = None
    if not proposed:
        why = proposals.wanted(session, hit, choice.verdict, together, policy.second_person)
    if why is not None:
        raise SecondWanted(why)


def _decide(
    session: Session,
    hit: Hit,
    person: Identity | None,
    choice: Choice,
    policy: Policy,
    now: datetime,
) -> Decision:
    _check_choice(choice, policy)
    before = hit.verdict
    decision = Decision(
        hit_id=hit.id,
        ordinal=hit.decisions[-1].ordinal + 1 if hit.decisions else 1,
        person_id=person.id if person else None,
        verdict=choice.verdict,
        reason=choice.reason,
        note=choice.note.strip(),
        policy_version=policy.version,
        decided_at=now,
    )
    decision.ended = interruptions.end(hit, now) or None
    session.add(decision)
    hit.state, hit.verdict, hit.closed_at = "decided", choice.verdict, now
    hit.holder_id, hit.lease_until = None, None
    hit.unsupported_at = None
    hit.review_reason = None
    hit.proposer_id = None
    proposals.settle(session, hit.id, now)
    session.flush()
    refusals.follow(session, hit, policy.matching, now)
    planned = _plan(session, hit, decision, choice, policy, now)
    source_records.follow(session, hit, before, choice.verdict)
    if choice.verdict is Verdict.DISPUTE:
        entries = [match.entry for match in hit.matches]
        suspicion.after_dispute(session, entries, policy.suspicion, now)
    audit.append(
        session,
        at=now,
        actor=person.actor if person else f"policy:{policy.version}",
        action="hit.decided" if before is None else "hit.reversed",
        subject=hit_name(hit.id),
        details={
            "verdict": choice.verdict,
            "reason": choice.reason,
            "registry_reason": choice.registry_reason,
            "note": decision.note,
            "content": content_name(hit.content.platform_id),
            "policy": policy.version,
            "deliveries": planned,
        },
    )
    return decision


def _plan(
    session: Session,
    hit: Hit,
    decision: Decision,
    choice: Choice,
    policy: Policy,
    now: datetime,
) -> Sequence[str]:
    """What was planned about the hit and has not left is cancelled: the decision says it all."""
    deliveries.cancel(session, hit)
    held = timedelta(seconds=policy.holds.registry_seconds)
    try:
        messages = [
            *votes.of_decision(session, hit, decision, choice.registry_reason, held),
            *platform.of_decision(session, hit, decision, policy),
        ]
    except votes.ReasonMissing as error:
        raise DecisionRefused(str(error)) from error
    return deliveries.plan(session, hit, decision, messages, now)


def _check_choice(choice: Choice, policy: Policy) -> None:
    if choice.reason not in {one.code for one in policy.reasons.of(choice.verdict)}:
        raise DecisionRefused("Choose one of the reasons for this decision.")
    if len(choice.note) > MAX_NOTE:
        raise DecisionRefused(f"The note has more than {MAX_NOTE} characters.")
    if LOOKS_LIKE_A_FINGERPRINT.search(choice.note):
        raise DecisionRefused(
            "The note holds what looks like a fingerprint. Fingerprints are secret and are never "
            "written into the log; name the hit or the entry instead."
        )
