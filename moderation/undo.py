"""Taking a decision back before the registries hear of it. The trace stays."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from config.policy import Policy
from moderation import (
    audit,
    deliveries,
    interruptions,
    platform,
    proposals,
    refusals,
    source_records,
    support,
    votes,
)
from moderation.claims import Lease
from moderation.decisions import DecisionRefused, locked
from moderation.naming import hit_name
from moderation.people import Identity
from moderation.permissions import Permission
from store.group import GroupedDecision
from store.hit import Decision, Hit, Undo

TOO_LATE = (
    "The registry may have heard of this decision already, so it cannot be undone. "
    "Decide otherwise instead: the new decision is sent after it."
)
UNSUPPORTED = (
    "The registry withdrew or changed the entry behind this hit meanwhile, so there is nothing to "
    "decide anew. Decide otherwise instead."
)


def until(decision: Decision, policy: Policy) -> datetime:
    """The time to undo: as long as what a decision tells the registries is held."""
    return decision.decided_at + timedelta(seconds=policy.holds.registry_seconds)


@dataclass(frozen=True, slots=True)
class Undoable:
    """A decision of one's own that can still be undone, from whatever page one is on. One that was
    made of `together` hits at once is undone for all of them, as that group."""

    hit_id: int
    hit: str
    verdict: str
    ordinal: int
    until: datetime
    group_id: int | None = None
    together: int = 1


def latest(session: Session, person: Identity, policy: Policy, now: datetime) -> Undoable | None:
    """The person's newest decision, if it can be undone."""
    newest = session.scalar(
        select(Decision)
        .where(Decision.person_id == person.id)
        .order_by(Decision.decided_at.desc(), Decision.id.desc())
        .limit(1)
    )
    if newest is None or now >= until(newest, policy):
        return None
    hit = session.scalar(
        select(Hit)
        .where(Hit.id == newest.hit_id)
        .options(selectinload(Hit.decisions).joinedload(Decision.undo))
    )
    end = open_until(session, hit, person, policy, now) if hit else None
    if end is None:
        return None
    group_id, together = _group(session, newest)
    return Undoable(
        newest.hit_id,
        hit_name(newest.hit_id),
        newest.verdict,
        newest.ordinal,
        end,
        group_id,
        together,
    )


def _group(session: Session, decision: Decision) -> tuple[int | None, int]:
    """The group that the decision is part of, if any, and how many decisions that has."""
    of = select(GroupedDecision.group_id).where(GroupedDecision.decision_id == decision.id)
    group_id = session.scalar(of)
    if group_id is None:
        return None, 1
    count = select(func.count()).where(GroupedDecision.group_id == group_id)
    return group_id, session.scalar(count) or 1


def open_until(
    session: Session, hit: Hit, person: Identity, policy: Policy, now: datetime
) -> datetime | None:
    """Until when this person can undo the decision that stands; None if they cannot."""
    last = hit.decisions[-1] if hit.state == "decided" else None
    if last is None or not person.may(Permission.DECIDE):
        return None
    try:
        _check(session, hit, last, person, policy, now)
    except DecisionRefused:
        return None
    return until(last, policy)


def undo(
    session: Session,
    hit_id: int,
    seen_ordinal: int,
    person: Identity,
    policy: Policy,
    now: datetime,
) -> Lease:
    """Take back one's decision: the hit is open again as it was, and claimed by the person.

    What the decision told nobody yet is cancelled. Content that the platform was told to remove
    is held from being seen until the hit is decided. A decision that replaced another one is not
    undone but reversed: of that one something may have arrived. Raises DecisionRefused, with
    nothing changed.
    """
    if not person.may(Permission.DECIDE):
        raise DecisionRefused("Your role does not decide hits.")
    hit = locked(session, hit_id)
    decision = _standing(hit, seen_ordinal)
    _check(session, hit, decision, person, policy, now)
    if not support.keep(session, hit):
        raise DecisionRefused(UNSUPPORTED)
    before = hit.verdict
    session.add(Undo(decision_id=decision.id, person_id=person.id, undone_at=now))
    hit.state, hit.verdict, hit.closed_at = "open", None, None
    hit.holder_id, hit.lease_until = person.id, now + policy.lease.length
    hit.lease_number += 1
    interruptions.bring_back(hit, decision)
    proposals.stand_again(session, hit, decision)
    session.flush()
    cancelled = deliveries.cancel(session, hit)
    if deliveries.has_left(session, decision):  # what left until now was not cancelled
        raise DecisionRefused(TOO_LATE)
    refusals.follow(session, hit, policy.matching, now)
    messages = [*platform.of_undo(session, hit, policy), *votes.of_match(session, hit.matches)]
    planned = deliveries.plan(session, hit, None, messages, now)
    source_records.follow(session, hit, before, None)
    audit.append(
        session,
        at=now,
        actor=person.actor,
        action="hit.undone",
        subject=hit_name(hit.id),
        details={"verdict": before, "cancelled": cancelled, "deliveries": planned},
    )
    return Lease(hit.id, hit.lease_number, now + policy.lease.length)


def _standing(hit: Hit, seen_ordinal: int) -> Decision:
    if hit.state != "decided":
        raise DecisionRefused("This hit is not decided, so there is nothing to undo.")
    last = hit.decisions[-1]
    if last.ordinal != seen_ordinal:
        raise DecisionRefused("Somebody decided this hit again meanwhile; look at it once more.")
    return last


def _check(
    session: Session,
    hit: Hit,
    decision: Decision,
    person: Identity,
    policy: Policy,
    now: datetime,
) -> None:
    if decision.person_id != person.id:
        raise DecisionRefused("Only the person who decided can undo it; a lead decides otherwise.")
    replaced = [one for one in hit.decisions[:-1] if one.undo is None]
    too_late = now >= until(decision, policy) or deliveries.has_left(session, decision)
    if replaced or too_late:
        raise DecisionRefused(TOO_LATE)
    if not support.is_supported(session, hit):
        raise DecisionRefused(UNSUPPORTED)
    newer = select(Hit.id).where(Hit.content_id == hit.content_id, Hit.state == "open").limit(1)
    if (other := session.scalar(newer)) is not None:
        raise DecisionRefused(
            f"The same content has a newer open hit, {hit_name(other)}. Decide that one."
        )
