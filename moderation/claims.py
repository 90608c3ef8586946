"""Step 5, claims: a hit is decided by whoever holds its lease.

Asking for more time renews a lease, looking does not. Every change is one conditional UPDATE, so
that of two people who press at the same moment exactly one has the hit.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.orm import Session

from config.policy import Policy
from moderation import audit, exposure, proposals
from moderation.naming import hit_name
from moderation.people import Identity
from moderation.permissions import Permission
from store.hit import Hit
from store.person import Person
from store.skip import Skip

NEXT_TRIES = 20


class ClaimRefused(Exception):
    """A claim, renewal or release that cannot be. The message explains it to the person."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease as the person holds it; `number` goes with every decision made under it."""

    hit_id: int
    number: int
    until: datetime


def claim(session: Session, hit_id: int, person: Identity, policy: Policy, now: datetime) -> Lease:
    """Take a hit, or renew one's own lease on it.

    Raises ClaimRefused if another holds it, or if it is enough for the person's day.
    """
    length = policy.lease.length
    if not person.may(Permission.CLAIM):
        raise ClaimRefused("Your role does not claim hits.")
    renewed = _renew(session, hit_id, person, length, now)
    if renewed:
        return renewed
    _check_exposure(session, person, policy, now)
    lease = _take(session, hit_id, person, length, now, _free_for(person, now))
    if lease is None:
        raise ClaimRefused(_why_not(session, hit_id, person))
    return lease


def claim_next(session: Session, person: Identity, policy: Policy, now: datetime) -> Lease | None:
    """Take the most urgent open hit that nobody holds; None when there is none.

    A hit that this person holds already comes first: nobody collects claims by pressing again.
    One whose clock stands still and one that this person passed over are left to later and to
    others. Raises ClaimRefused if it is enough for the person's day.
    """
    length = policy.lease.length
    if not person.may(Permission.CLAIM):
        raise ClaimRefused("Your role does not claim hits.")
    mine = session.scalar(
        select(Hit.id)
        # By who holds them, which are few: SQLite would walk the open hits by their state.
        .where(Hit.state.concat("") == "open", Hit.holder_id == person.id, Hit.lease_until > now)
        .order_by(Hit.urgent_at, Hit.id)
        .limit(1)
    )
    if mine is not None:
        renewed = _renew(session, mine, person, length, now)
        if renewed:
            return renewed
    _check_exposure(session, person, policy, now)
    free = and_(_free_for(person, now), Hit.paused_at.is_(None), _not_skipped(person, policy, now))
    for _ in range(NEXT_TRIES):
        query = (
            select(Hit.id)
            .where(Hit.state == "open", free)
            .order_by(Hit.urgent_at, Hit.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        hit_id = session.scalar(query)
        if hit_id is None:
            return None
        lease = _take(session, hit_id, person, length, now, free)
        if lease:
            return lease
    return None


def release(session: Session, hit_id: int, person: Identity, now: datetime) -> None:
    """Put a hit back into the queue. A lead may put back anybody's. ClaimRefused otherwise."""
    lead = person.may(Permission.RELEASE_OTHERS)
    _put_back(session, hit_id, Hit.holder_id.is_not(None) if lead else Hit.holder_id == person.id)
    audit.append(
        session, at=now, actor=person.actor, action="hit.released", subject=hit_name(hit_id)
    )


def give_back(session: Session, hit_id: int, person: Identity) -> None:
    """The same with one's own, for whoever logs it as something else."""
    _put_back(session, hit_id, Hit.holder_id == person.id)


def hand_over(
    session: Session, hit_id: int, person: Identity, to_login: str, policy: Policy, now: datetime
) -> None:
    """Give one's hit to a colleague who may decide it, with a fresh lease and without a reason."""
    colleague = session.scalar(
        select(Person).where(Person.login == to_login, Person.active.is_(True))
    )
    if colleague is None or colleague.id == person.id:
        raise ClaimRefused("Choose a colleague to hand this hit to.")
    if not _can_decide(colleague):
        raise ClaimRefused(f"{colleague.name} cannot decide hits.")
    if session.scalar(select(Hit.id).where(Hit.id == hit_id, proposals.proposed_by(colleague.id))):
        raise ClaimRefused(f"{colleague.name} has proposed a decision on this hit; choose another.")
    given = session.execute(
        update(Hit)
        .where(
            Hit.id == hit_id,
            Hit.state == "open",
            Hit.holder_id == person.id,
            Hit.lease_until > now,
        )
        .values(
            holder_id=colleague.id,
            lease_until=now + policy.lease.length,
            lease_number=Hit.lease_number + 1,
        )
        .returning(Hit.id)
        .execution_options(synchronize_session=False)
    ).first()
    if given is None:
        raise ClaimRefused("You no longer hold this hit, so it cannot be handed over.")
    audit.append(
        session,
        at=now,
        actor=person.actor,
        action="hit.handed-over",
        subject=hit_name(hit_id),
        details={"to": f"person:{colleague.login}"},
    )


def colleagues(session: Session, person: Identity) -> list[Person]:
    """Active people who may decide hits, without `person`, by name."""
    people = session.scalars(select(Person).where(Person.active.is_(True)).order_by(Person.name))
    return [one for one in people if one.id != person.id and _can_decide(one)]


def _can_decide(person: Person) -> bool:
    who = Identity(person.id, person.login, person.name, person.role, person.session_epoch)
    return who.may(Permission.DECIDE)


def _check_exposure(session: Session, person: Identity, policy: Policy, now: datetime) -> None:
    enough = exposure.may_claim(session, person, policy, now)
    if enough is not None:
        raise ClaimRefused(enough)


def _free_for(person: Identity, now: datetime) -> ColumnElement[bool]:
    """That nobody holds the hit, and that it is not kept for a lead or for a second person."""
    free = and_(
        or_(Hit.holder_id.is_(None), Hit.lease_until <= now),
        ~proposals.proposed_by(person.id),
    )
    return free if person.may(Permission.RELEASE_OTHERS) else and_(free, Hit.for_lead.is_(False))


def _not_skipped(person: Identity, policy: Policy, now: datetime) -> ColumnElement[bool]:
    """That the person did not pass the hit over lately (moderation.skips)."""
    since = now - timedelta(hours=policy.lease.skipped_hours)
    return ~exists().where(
        Skip.hit_id == Hit.id, Skip.person_id == person.id, Skip.skipped_at > since
    )


def _put_back(session: Session, hit_id: int, held: ColumnElement[bool]) -> None:
    freed = session.execute(
        update(Hit)
        .where(Hit.id == hit_id, Hit.state == "open", held)
        .values(holder_id=None, lease_until=None)
        .returning(Hit.id)
        .execution_options(synchronize_session=False)
    ).first()
    if freed is None:
        raise ClaimRefused("You do not hold this hit, so there is nothing to release.")


def _renew(
    session: Session, hit_id: int, person: Identity, length: timedelta, now: datetime
) -> Lease | None:
    row = session.execute(
        update(Hit)
        .where(
            Hit.id == hit_id,
            Hit.state == "open",
            Hit.holder_id == person.id,
            Hit.lease_until > now,
        )
        .values(lease_until=now + length)
        .returning(Hit.lease_number)
        .execution_options(synchronize_session=False)
    ).first()
    return Lease(hit_id, row.lease_number, now + length) if row else None


def _take(
    session: Session,
    hit_id: int,
    person: Identity,
    length: timedelta,
    now: datetime,
    free: ColumnElement[bool],
) -> Lease | None:
    row = session.execute(
        update(Hit)
        .where(Hit.id == hit_id, Hit.state == "open", free)
        .values(holder_id=person.id, lease_until=now + length, lease_number=Hit.lease_number + 1)
        .returning(Hit.lease_number)
        .execution_options(synchronize_session=False)
    ).first()
    if row is None:
        return None
    audit.append(
        session,
        at=now,
        actor=person.actor,
        action="hit.claimed",
        subject=hit_name(hit_id),
        details={"lease": row.lease_number},
    )
    return Lease(hit_id, row.lease_number, now + length)


def _why_not(session: Session, hit_id: int, person: Identity) -> str:
    row = session.execute(
        select(Hit.state, Hit.for_lead, proposals.proposed_by(person.id).label("own"), Person.name)
        .outerjoin(Person, Person.id == Hit.holder_id)
        .where(Hit.id == hit_id)
    ).first()
    if row is None:
        return "There is no such hit."
    if row.state == "decided":
        return "This hit has been decided already."
    if row.state == "withdrawn":
        return "The registry withdrew the entry behind this hit; it needs no decision any more."
    if row.for_lead and not person.may(Permission.RELEASE_OTHERS):
        return "This hit was put before a lead."
    if row.own:
        return "You have proposed a decision on this hit; somebody else is to look at it now."
    return f"{row.name} is working on this hit."
