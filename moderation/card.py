"""The card of a hit: its evidence, its clock, whoever holds it, and what this person may do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from config.policy import GuidanceOnVerdicts, Policy, ReasonText
from exchange.records import Told
from moderation import audit, delivery_list, evidence, proposals, undo
from moderation.clock import ClockState, clock_state
from moderation.counting import Count, capped
from moderation.delivery_list import DeliveryFacts
from moderation.evidence import Evidence
from moderation.naming import hit_name
from moderation.people import Identity
from moderation.permissions import Permission
from store.content import Content
from store.entry import Entry
from store.hit import Decision, Hit, Match
from store.source import DisputeReason, Source

HISTORY = 50
BY_POLICY = "the policy"


@dataclass(frozen=True, slots=True)
class ContentFacts:
    """What is known of the content: where and when, how often, and what else its uploader has."""

    platform_id: str
    kind: str
    surface: str | None
    uploader: str | None
    posted_at: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime
    seen_count: int
    uploader_open: Count
    uploader_decided: Count


@dataclass(frozen=True, slots=True)
class Claim:
    """Who holds the hit. `number` goes with the decision form; None where nobody holds it."""

    holder: str | None
    mine: bool
    until: datetime | None
    number: int


@dataclass(frozen=True, slots=True)
class DecisionFacts:
    """One decision as it was made."""

    ordinal: int
    verdict: str
    reason: str
    note: str
    person: str
    decided_at: datetime
    policy_version: str
    undone_at: datetime | None


@dataclass(frozen=True, slots=True)
class DisputeReasons:
    """The reasons that one registry accepts for a dispute, by name; `missing` where it wants one
    and they have not been fetched yet."""

    source: str
    names: tuple[str, ...]
    missing: bool = False


@dataclass(frozen=True, slots=True)
class HitCard:
    """One hit, whole."""

    id: int
    name: str
    state: str
    verdict: str | None
    priority: int
    priority_reasons: tuple[str, ...]
    opened_at: datetime
    due_at: datetime
    closed_at: datetime | None
    closed_reason: str | None
    unsupported_at: datetime | None
    paused_at: datetime | None
    paused_reason: str | None
    escalated_reason: str | None
    for_lead: bool
    review_reason: str | None
    clock: ClockState
    content: ContentFacts
    evidence: tuple[Evidence, ...]
    claim: Claim
    decisions: tuple[DecisionFacts, ...]
    deliveries: tuple[DeliveryFacts, ...]
    history: tuple[audit.Line, ...]
    reasons_confirm: tuple[ReasonText, ...]
    reasons_remove: tuple[ReasonText, ...]
    reasons_dispute: tuple[ReasonText, ...]
    guidance: GuidanceOnVerdicts
    registry_reasons: tuple[DisputeReasons, ...]
    may_claim: bool
    may_decide: bool
    may_release: bool
    may_reverse: bool
    may_pause: bool
    may_resume: bool
    may_agree: bool
    undo_until: datetime | None

    @property
    def nearest(self) -> Evidence:
        """The match to look at first."""
        return min(self.evidence, key=lambda one: (one.distance, one.match_id))


def hit_card(
    session: Session, hit_id: int, person: Identity, policy: Policy, now: datetime
) -> HitCard | None:
    """The card of one hit as `person` sees it; None if there is no such hit."""
    hit = session.scalar(
        select(Hit)
        .where(Hit.id == hit_id)
        .options(
            joinedload(Hit.content),
            joinedload(Hit.holder),
            selectinload(Hit.decisions).options(
                joinedload(Decision.person), joinedload(Decision.undo)
            ),
            selectinload(Hit.matches).options(
                joinedload(Match.entry).joinedload(Entry.source),
                joinedload(Match.entry).selectinload(Entry.votes),
                joinedload(Match.entry).selectinload(Entry.cases),
            ),
        )
    )
    if hit is None:
        return None
    held = hit.holder is not None and hit.lease_until is not None and hit.lease_until > now
    mine = held and hit.holder_id == person.id
    open_ = hit.state == "open"
    last = hit.decisions[-1] if hit.decisions else None
    lead = person.may(Permission.RELEASE_OTHERS)
    proposed = any(one.person_id == person.id for one in proposals.standing(session, hit.id))
    return HitCard(
        id=hit.id,
        name=hit_name(hit.id),
        state=hit.state,
        verdict=hit.verdict,
        priority=hit.priority,
        priority_reasons=tuple(hit.priority_reasons),
        opened_at=hit.opened_at,
        due_at=hit.due_at,
        closed_at=hit.closed_at,
        closed_reason=hit.closed_reason,
        unsupported_at=hit.unsupported_at,
        paused_at=hit.paused_at,
        paused_reason=hit.paused_reason,
        escalated_reason=hit.escalated_reason,
        for_lead=hit.for_lead,
        review_reason=hit.review_reason,
        clock=clock_state(hit.at_risk_at, hit.due_at, hit.closed_at or hit.paused_at or now),
        content=_content(session, hit.content),
        evidence=evidence.of_hit(session, hit, policy),
        claim=Claim(
            holder=hit.holder.name if held and hit.holder else None,
            mine=mine,
            until=hit.lease_until if held else None,
            number=hit.lease_number,
        ),
        decisions=tuple(_decision(one, policy) for one in hit.decisions),
        deliveries=tuple(delivery_list.of_hit(session, hit.id, now)),
        history=tuple(
            audit.lines(session, subject=hit_name(hit.id), newest_first=True, limit=HISTORY)
        ),
        reasons_confirm=policy.reasons.confirm,
        reasons_remove=policy.reasons.remove,
        reasons_dispute=policy.reasons.dispute,
        guidance=policy.guidance,
        registry_reasons=tuple(_registry_reasons(session, hit)),
        may_claim=open_
        and not held
        and person.may(Permission.CLAIM)
        and (lead or not hit.for_lead)
        and not proposed,
        may_decide=open_ and mine and person.may(Permission.DECIDE),
        may_release=open_ and held and (mine or lead),
        may_reverse=hit.state == "decided"
        and person.may(Permission.REVERSE)
        and last is not None
        and (last.person_id in (None, person.id) or lead),
        may_pause=open_ and hit.paused_at is None and person.may(Permission.PAUSE_CLOCK),
        may_resume=open_ and hit.paused_at is not None and person.may(Permission.PAUSE_CLOCK),
        may_agree=hit.review_reason is not None
        and person.may(Permission.REVERSE)
        and last is not None
        and last.person_id != person.id,
        undo_until=undo.open_until(session, hit, person, policy, now),
    )


def _content(session: Session, content: Content) -> ContentFacts:
    return ContentFacts(
        platform_id=content.platform_id,
        kind=content.kind,
        surface=content.surface,
        uploader=content.uploader,
        posted_at=content.posted_at,
        first_seen_at=content.first_seen_at,
        last_seen_at=content.last_seen_at,
        seen_count=content.seen_count,
        uploader_open=_same_uploader(session, content, "open"),
        uploader_decided=_same_uploader(session, content, "decided"),
    )


def _same_uploader(session: Session, content: Content, state: str) -> Count:
    """Hits on other content of the same uploader."""
    if content.uploader is None:
        return Count(0)
    hits = (
        select(Hit.id)
        .join(Content, Content.id == Hit.content_id)
        # Not by the index of the states: SQLite would walk every hit in this one.
        .where(Content.uploader == content.uploader, Hit.state.concat("") == state)
        .where(Hit.content_id != content.id)
    )
    return capped(session, hits)


def _decision(decision: Decision, policy: Policy) -> DecisionFacts:
    words = {one.code: one.words for one in policy.reasons.of(decision.verdict)}
    return DecisionFacts(
        ordinal=decision.ordinal,
        verdict=decision.verdict,
        reason=words.get(decision.reason, decision.reason),
        note=decision.note,
        person=decision.person.name if decision.person else BY_POLICY,
        decided_at=decision.decided_at,
        policy_version=decision.policy_version,
        undone_at=decision.undo.undone_at if decision.undo else None,
    )


def _registry_reasons(session: Session, hit: Hit) -> Iterator[DisputeReasons]:
    sources: dict[int, Source] = {
        match.entry.source_id: match.entry.source
        for match in hit.matches
        if match.entry.withdrawn_at is None and match.refused_hit_id is None
    }
    for source_id, source in sources.items():
        query = (
            select(DisputeReason.name)
            .where(DisputeReason.source_id == source_id)
            .distinct()
            .order_by(DisputeReason.name)
        )
        names = tuple(session.scalars(query))
        missing = Told.OUTCOME in source.told and source.reasons_at is None
        yield DisputeReasons(source.name, names, missing)
