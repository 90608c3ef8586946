"""The evidence card: everything a person needs to decide a hit, and never the picture.

Fingerprint values do not leave the store here; what is shown is their difference.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from config.policy import Policy, ReasonText
from exchange.records import Vote
from moderation import audit
from moderation.clock import ClockState, clock_state
from moderation.naming import hit_name
from moderation.people import Identity
from moderation.permissions import Permission
from moderation.priority import decided_here
from moderation.queue import Nearness, nearness
from store.content import Content
from store.delivery import Delivery
from store.entry import Entry
from store.hit import Decision, Hit, Match
from store.source import DisputeReason, Source

PDQ_BITS = 256
HISTORY = 50
BY_POLICY = "the policy"


@dataclass(frozen=True, slots=True)
class Peers:
    """What other members of the registry say of an entry, by number of members."""

    confirmed: int
    disputed: int
    dispute_reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Here:
    """How earlier hits on an entry were decided here, by number of hits."""

    confirmed: int
    removed: int
    disputed: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """One match as the page shows it.

    `difference` is the XOR of the two PDQ values (32 bytes), None for an exact algorithm;
    `distance` of `bits` differ, `threshold` is the most that matches. `quality` is the content's
    PDQ quality, 0 to 100; registries do not share theirs. `frames` are seconds into a film.
    `removed_in` names the hit that removed what this is a copy of, None for what is listed.
    """

    match_id: int
    source: str
    registry_kind: str
    member: str
    entry: str
    classification: str
    classification_code: str | None
    algorithm: str
    nearness: Nearness
    distance: int
    threshold: int
    bits: int
    difference: bytes | None
    quality: int | None
    frames: tuple[float, ...]
    removed_in: str | None
    peers: Peers
    here: Here
    listed_at: datetime | None
    first_seen_at: datetime
    withdrawn_at: datetime | None
    index_version: int
    matched_at: datetime


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
    uploader_open: int
    uploader_decided: int


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


@dataclass(frozen=True, slots=True)
class DeliveryFacts:
    """One message to the outside about this hit."""

    id: int
    destination: str
    subject: str
    action: str
    state: str
    attempts: int
    next_attempt_at: datetime
    delivered_at: datetime | None
    answer_status: int | None
    answer: str


@dataclass(frozen=True, slots=True)
class DisputeReasons:
    """The reasons that one registry accepts for a dispute, by name."""

    source: str
    names: tuple[str, ...]


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
    registry_reasons: tuple[DisputeReasons, ...]
    may_claim: bool
    may_decide: bool
    may_release: bool
    may_reverse: bool

    @property
    def nearest(self) -> Evidence:
        """The match to look at first."""
        return min(self.evidence, key=lambda one: (one.distance, one.match_id))


def card(
    session: Session, hit_id: int, person: Identity, policy: Policy, now: datetime
) -> HitCard | None:
    """The card of one hit as `person` sees it; None if there is no such hit."""
    hit = session.scalar(
        select(Hit)
        .where(Hit.id == hit_id)
        .options(
            joinedload(Hit.content),
            joinedload(Hit.holder),
            selectinload(Hit.decisions).joinedload(Decision.person),
            selectinload(Hit.matches).options(
                joinedload(Match.entry).joinedload(Entry.source),
                joinedload(Match.entry).selectinload(Entry.votes),
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
        clock=clock_state(hit.at_risk_at, hit.due_at, hit.closed_at or now),
        content=_content(session, hit.content),
        evidence=tuple(_evidence(session, match, policy) for match in hit.matches),
        claim=Claim(
            holder=hit.holder.name if held and hit.holder else None,
            mine=mine,
            until=hit.lease_until if held else None,
            number=hit.lease_number,
        ),
        decisions=tuple(_decision(one, policy) for one in hit.decisions),
        deliveries=tuple(_deliveries(session, hit.id)),
        history=tuple(
            audit.lines(session, subject=hit_name(hit.id), newest_first=True, limit=HISTORY)
        ),
        reasons_confirm=policy.reasons.confirm,
        reasons_remove=policy.reasons.remove,
        reasons_dispute=policy.reasons.dispute,
        registry_reasons=tuple(_registry_reasons(session, hit)),
        may_claim=open_ and not held and person.may(Permission.CLAIM),
        may_decide=open_ and mine and person.may(Permission.DECIDE),
        may_release=open_ and held and (mine or lead),
        may_reverse=hit.state == "decided"
        and person.may(Permission.REVERSE)
        and last is not None
        and (last.person_id == person.id or lead),
    )


def _content(session: Session, content: Content) -> ContentFacts:
    others: dict[str, int] = {}
    if content.uploader is not None:
        query = (
            select(Hit.state, func.count())
            .join(Content, Content.id == Hit.content_id)
            .where(Content.uploader == content.uploader, Hit.content_id != content.id)
            .group_by(Hit.state)
        )
        others = {row[0]: row[1] for row in session.execute(query)}
    return ContentFacts(
        platform_id=content.platform_id,
        kind=content.kind,
        surface=content.surface,
        uploader=content.uploader,
        posted_at=content.posted_at,
        first_seen_at=content.first_seen_at,
        last_seen_at=content.last_seen_at,
        seen_count=content.seen_count,
        uploader_open=others.get("open", 0),
        uploader_decided=others.get("decided", 0),
    )


def _evidence(session: Session, match: Match, policy: Policy) -> Evidence:
    entry = match.entry
    votes = [vote for vote in entry.votes if vote.algorithm == match.algorithm]
    sides = Counter(vote.vote for vote in votes)
    here = decided_here(session, [entry.id])
    return Evidence(
        match_id=match.id,
        source=entry.source.name,
        registry_kind=entry.source.kind,
        member=entry.member_name,
        entry=entry.entry_id,
        classification=policy.plain_words(entry.classification),
        classification_code=entry.classification,
        algorithm=match.algorithm,
        nearness=nearness(match.distance, policy),
        distance=match.distance,
        threshold=match.threshold,
        bits=PDQ_BITS,
        difference=match.difference,
        quality=match.quality,
        frames=tuple(match.frames),
        removed_in=hit_name(match.refused_hit_id) if match.refused_hit_id else None,
        peers=Peers(
            confirmed=sides[Vote.AFFIRMATIVE],
            disputed=sides[Vote.NEGATIVE],
            dispute_reasons=tuple(
                dict.fromkeys(reason for vote in votes for reason in vote.reasons)
            ),
        ),
        here=Here(here.get("confirm", 0), here.get("remove", 0), here.get("dispute", 0)),
        listed_at=entry.listed_at,
        first_seen_at=entry.first_seen_at,
        withdrawn_at=entry.withdrawn_at,
        index_version=match.index_version,
        matched_at=match.matched_at,
    )


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
    )


def _deliveries(session: Session, hit_id: int) -> Iterator[DeliveryFacts]:
    query = (
        select(Delivery)
        .join(Decision, Decision.id == Delivery.decision_id)
        .where(Decision.hit_id == hit_id)
        .order_by(Delivery.id)
    )
    for row in session.scalars(query):
        yield delivery_facts(row)


def delivery_facts(row: Delivery) -> DeliveryFacts:
    """A delivery as pages show it."""
    return DeliveryFacts(
        id=row.id,
        destination=row.destination,
        subject=row.subject,
        action=row.action,
        state=row.state,
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at,
        delivered_at=row.delivered_at,
        answer_status=row.answer_status,
        answer=row.answer,
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
        yield DisputeReasons(source.name, tuple(session.scalars(query)))
