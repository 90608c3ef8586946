"""One decision for many hits: what they have in common, what it covers, and one undo for all."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from config.policy import Policy
from moderation import audit, claims, second, undo
from moderation.claims import ClaimRefused
from moderation.counting import Count, capped
from moderation.decisions import Choice, DecisionRefused
from moderation.naming import hit_name
from moderation.people import Identity
from store.content import Content, ContentFingerprint
from store.group import DecisionGroup, GroupedDecision
from store.hit import Decision, Hit, Match


class Because(StrEnum):
    """What hits have in common with the one that a person looks at."""

    ENTRY = "entry"
    FINGERPRINT = "fingerprint"
    UPLOADER = "uploader"


@dataclass(frozen=True, slots=True)
class Member:
    """One open hit of a group. `held_by` is who else works on it, and so it is left out."""

    id: int
    name: str
    content: str
    surface: str | None
    nearest: int
    due_at: datetime
    held_by: str | None


@dataclass(frozen=True, slots=True)
class Covered:
    """What one decision for many came to. `left_out` says why, by hit."""

    group_id: int | None
    decided: tuple[int, ...]
    proposed: tuple[int, ...]
    left_out: tuple[tuple[str, str], ...]


def sizes(session: Session, hit_id: int, policy: Policy) -> dict[Because, Count]:
    """How many other open hits have each thing in common with this one."""
    content = session.scalar(
        select(Content).join(Hit, Hit.content_id == Content.id).where(Hit.id == hit_id)
    )
    if content is None:
        return {}
    return {
        because: capped(session, select(Hit.id).where(_others(hit_id, because, content, policy)))
        for because in Because
    }


def members(
    session: Session,
    hit_id: int,
    because: Because,
    person: Identity,
    policy: Policy,
    now: datetime,
) -> Sequence[Member]:
    """The open hits of a group, this one first, the most urgent next, as many as the policy lets
    one decision cover. Empty if there is no such hit."""
    hit = session.scalar(select(Hit).where(Hit.id == hit_id).options(joinedload(Hit.content)))
    if hit is None:
        return ()
    query = (
        select(Hit)
        .where(_others(hit_id, because, hit.content, policy))
        .options(joinedload(Hit.content), joinedload(Hit.holder))
        .order_by(Hit.urgent_at, Hit.id)
        .limit(policy.groups.at_most - 1)
    )
    own = select(Hit).where(Hit.id == hit_id, Hit.state == "open")
    own = own.options(joinedload(Hit.content), joinedload(Hit.holder))
    found = [*session.scalars(own), *session.scalars(query)]
    return [_member(one, person, now) for one in found]


def decide(
    session: Session,
    hit_id: int,
    because: Because,
    hit_ids: Sequence[int],
    person: Identity,
    choice: Choice,
    policy: Policy,
    now: datetime,
) -> Covered:
    """Decide those of `hit_ids` alike that have it in common with this hit, or are it, in the
    caller's transaction.

    Each is claimed, decided and logged like any other. One that somebody else holds, or that needs
    no decision any more, is left out and named; nothing of it is changed. Raises DecisionRefused
    for none, or for more than the policy lets one decision cover.
    """
    wanted = sorted(set(hit_ids))
    if not 1 <= len(wanted) <= policy.groups.at_most:
        raise DecisionRefused(f"One decision covers 1 to {policy.groups.at_most} hits.")
    alike = _lock_alike(session, hit_id, because, wanted, policy)
    decided: list[Decision] = []
    proposed: list[int] = []
    left_out: list[tuple[str, str]] = []
    for one in wanted:
        if one not in alike:
            left_out.append((hit_name(one), f"It is not of the same {because} as the others."))
            continue
        try:
            with session.begin_nested():
                lease = claims.claim(session, one, person, policy, now)
                made = second.decide_or_propose(
                    session,
                    one,
                    lease.number,
                    person,
                    choice,
                    policy,
                    now,
                    together=len(alike),
                )
        except (ClaimRefused, DecisionRefused) as refusal:
            left_out.append((hit_name(one), str(refusal)))
            continue
        if isinstance(made, Decision):
            decided.append(made)
        else:
            proposed.append(one)
    group_id = _keep(session, decided, because, person, now)
    done = tuple(decision.hit_id for decision in decided)
    return Covered(group_id, done, tuple(proposed), tuple(left_out))


def undo_all(
    session: Session, group_id: int, person: Identity, policy: Policy, now: datetime
) -> Covered:
    """Undo what still can be of a group; what cannot is named. Raises DecisionRefused if it is not
    the person's own, or there is none."""
    group = session.get(DecisionGroup, group_id)
    if group is None or group.person_id != person.id:
        raise DecisionRefused("There is no such group of decisions of yours.")
    query = (
        select(Decision.hit_id, Decision.ordinal)
        .join(GroupedDecision, GroupedDecision.decision_id == Decision.id)
        .where(GroupedDecision.group_id == group_id)
        .order_by(Decision.hit_id)
    )
    covered = session.execute(query).all()
    _lock(session, Hit.id.in_([hit_id for hit_id, _ in covered]))
    undone: list[int] = []
    left_out: list[tuple[str, str]] = []
    for hit_id, ordinal in covered:
        try:
            with session.begin_nested():
                undo.undo(session, hit_id, ordinal, person, policy, now)
                claims.give_back(session, hit_id, person)
        except DecisionRefused as refusal:
            left_out.append((hit_name(hit_id), str(refusal)))
        else:
            undone.append(hit_id)
    return Covered(group_id, tuple(undone), (), tuple(left_out))


def _lock_alike(
    session: Session, hit_id: int, because: Because, wanted: Sequence[int], policy: Policy
) -> Collection[int]:
    """Those of `wanted` that have it in common with the hit or are it, whatever their state."""
    content = session.scalar(
        select(Content).join(Hit, Hit.content_id == Content.id).where(Hit.id == hit_id)
    )
    if content is None:
        raise DecisionRefused("There is no such hit.")
    common = or_(Hit.id == hit_id, _in_common(hit_id, because, content, policy))
    return _lock(session, and_(Hit.id.in_(wanted), common))


def _lock(session: Session, which: ColumnElement[bool]) -> Collection[int]:
    """Lock all of a group before any of it changes, in one order; their ids.

    Whoever decides a single hit locks it before what decisions have in common, such as the counts
    of a source. A group that did so one after the other would wait for somebody who waits for it.
    """
    return set(session.scalars(select(Hit.id).where(which).order_by(Hit.id).with_for_update()))


def _keep(
    session: Session,
    decided: Sequence[Decision],
    because: Because,
    person: Identity,
    now: datetime,
) -> int | None:
    if not decided:
        return None
    group = DecisionGroup(person_id=person.id, because=because, decided_at=now)
    session.add(group)
    session.flush()
    session.add_all(GroupedDecision(decision_id=one.id, group_id=group.id) for one in decided)
    audit.append(
        session,
        at=now,
        actor=person.actor,
        action="group.decided",
        subject=f"group:{group.id}",
        details={"because": because, "hits": [hit_name(one.hit_id) for one in decided]},
    )
    return group.id


def _others(hit_id: int, because: Because, content: Content, policy: Policy) -> ColumnElement[bool]:
    """Open hits that have it in common with the hit, without the hit itself."""
    # Not by the index of the states: SQLite would walk every open hit instead of looking at these.
    is_open = Hit.state.concat("") == "open"
    return and_(is_open, Hit.id != hit_id, _in_common(hit_id, because, content, policy))


def _in_common(
    hit_id: int, because: Because, content: Content, policy: Policy
) -> ColumnElement[bool]:
    """The condition on Hit, for the hit `hit_id` on `content`."""
    match because:
        case Because.ENTRY:
            here = select(Match.entry_id).where(Match.hit_id == hit_id)
            return Hit.id.in_(select(Match.hit_id).where(Match.entry_id.in_(here)))
        case Because.FINGERPRINT:
            mine, theirs = aliased(ContentFingerprint), aliased(ContentFingerprint)
            same = and_(theirs.algorithm == mine.algorithm, theirs.value == mine.value)
            least = policy.matching.pdq_quality
            # Plain pictures are alike by accident, and so are single frames of films.
            telling = and_(mine.at.is_(None), or_(mine.quality.is_(None), mine.quality >= least))
            query = select(theirs.content_id).join(mine, same)
            return Hit.content_id.in_(query.where(mine.content_id == content.id, telling))
        case Because.UPLOADER:
            posted = select(Content.id).where(
                Content.uploader == content.uploader, Content.uploader.is_not(None)
            )
            return Hit.content_id.in_(posted)


def _member(hit: Hit, person: Identity, now: datetime) -> Member:
    held = hit.holder is not None and hit.lease_until is not None and hit.lease_until > now
    other = hit.holder is not None and held and hit.holder_id != person.id
    return Member(
        id=hit.id,
        name=hit_name(hit.id),
        content=hit.content.platform_id,
        surface=hit.content.surface,
        nearest=hit.nearest,
        due_at=hit.due_at,
        held_by=hit.holder.name if other and hit.holder else None,
    )
