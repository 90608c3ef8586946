"""A hit in each of its states with made-up contents, for tests.pages.scenes."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from werkzeug.datastructures import MultiDict

from config.policy import Guidance, GuidanceOnVerdicts, ReasonText
from console.decision_form import DecisionForm
from moderation import audit, card, evidence, queue
from moderation.clock import ClockState
from moderation.counting import Count
from moderation.delivery_list import DeliveryFacts, Stage
from moderation.undo import Undoable
from store.person import Person

NOW = datetime.now(UTC)
HEX = "5f0c" * 16  # looks like a fingerprint, as a platform's id may


def ago(**distance: float) -> datetime:
    """A moment in the past."""
    return NOW - timedelta(**distance)


MATCH = evidence.Evidence(
    match_id=1,
    source="Take It Down",
    registry_kind="ncmec",
    member="NCMEC Take It Down",
    entry="e-1042",
    cases=("5f0e4c1a-77d2-4a53-9a0e-0d1b6a3f2c11", "c3a9d8e7-1b24-4f6d-8d55-6f7e8a9b0c1d"),
    classification="Older child, severe category",
    classification_code="B2",
    algorithm="pdq",
    nearness=queue.Nearness.NEAR,
    distance=12,
    threshold=31,
    bits=256,
    difference=bytes([0, 1, 0, 0, 8, 0, 0, 0, 0, 2, 0, 0, 16, 0, 0, 0] + [0, 0, 0, 65] * 4),
    quality=87,
    frames=(),
    removed_in=None,
    peers=evidence.Peers(3, 1, ("Not of a minor",)),
    here=evidence.Here(0, 2, 0),
    source_here=evidence.Here(31, 204, 2),
    review_only=None,
    changed=False,
    listed_at=ago(days=40),
    first_seen_at=ago(days=39),
    withdrawn_at=None,
    index_version=12,
    matched_at=ago(hours=5),
)
EXACT = replace(
    MATCH,
    match_id=2,
    algorithm="md5",
    nearness=queue.Nearness.EXACT,
    distance=0,
    difference=None,
    quality=None,
    peers=evidence.Peers(0, 2, ()),
    here=evidence.Here(0, 0, 0),
    withdrawn_at=ago(hours=1),
    frames=(12.0, 75.5),
)
FAR = replace(
    MATCH,
    match_id=3,
    distance=27,
    nearness=queue.Nearness.FAR,
    removed_in="H-9",
    review_only="disputed here 3 times",
    changed=True,
)
CONTENT = card.ContentFacts(
    platform_id=HEX[:32],
    kind="image",
    surface="profile",
    uploader=HEX[:40],
    posted_at=ago(hours=7),
    first_seen_at=ago(hours=6),
    last_seen_at=ago(hours=1),
    seen_count=14,
    uploader_open=Count(3),
    uploader_decided=Count(1),
)
DECISION = card.DecisionFacts(
    ordinal=1,
    verdict="remove",
    reason="Near copy of the listed picture",
    note="Seen twice.\nSame shop sign.",
    person="Ada",
    decided_at=ago(hours=1),
    policy_version="1",
    undone_at=None,
)
DELIVERY = DeliveryFacts(
    id=7,
    hit="H-12",
    hit_id=12,
    decision="D-3",
    destination="registry:Take It Down",
    subject="entry:4:pdq",
    action="affirmative",
    stage=Stage.HELD,
    attempts=0,
    created_at=ago(minutes=2),
    next_attempt_at=NOW + timedelta(minutes=8),
    delivered_at=None,
    answer_status=None,
    answer="",
    key="3:registry:4:pdq",
)
FAILED = replace(DELIVERY, id=8, stage=Stage.FAILED, attempts=4, answer_status=503, answer="later")
LOST = replace(
    DELIVERY,
    id=9,
    destination="platform",
    subject=f"content:{HEX[:32]}",
    action="remove",
    stage=Stage.GIVEN_UP,
    attempts=100,
    answer_status=422,
    answer="the platform says no",
)
ARRIVED = replace(DELIVERY, id=6, stage=Stage.DELIVERED, attempts=1, delivered_at=ago(hours=2))
LINE = audit.Line(
    31,
    ago(hours=1),
    "person:ada",
    "hit.decided",
    "H-12",
    {"verdict": "remove", "note": "", "deliveries": ["D-3:platform", HEX], "nested": {"a": []}},
    HEX,
    HEX,
)
CARD = card.HitCard(
    id=12,
    name="H-12",
    state="open",
    verdict=None,
    priority=55,
    priority_reasons=("near copy, 12 bits differ", "confirmed by 3 other member(s)"),
    opened_at=ago(hours=5),
    due_at=NOW + timedelta(hours=3),
    closed_at=None,
    closed_reason=None,
    unsupported_at=None,
    paused_at=None,
    paused_reason=None,
    escalated_reason=None,
    for_lead=False,
    review_reason=None,
    clock=ClockState.AT_RISK,
    content=CONTENT,
    evidence=(EXACT, MATCH, FAR),
    claim=card.Claim("Ada Almeida", True, NOW + timedelta(minutes=14), 2),
    decisions=(),
    deliveries=(),
    history=(LINE,),
    reasons_confirm=(
        ReasonText(code="already-gone", words="Already gone from the platform"),
        ReasonText(code="legal-hold", words="Preserved under a legal hold"),
    ),
    reasons_remove=(
        ReasonText(code="match-exact", words="Exact copy of the listed picture"),
        ReasonText(code="match-near", words="Near copy of the listed picture"),
    ),
    reasons_dispute=(
        ReasonText(code="different-content", words="The content is something else"),
        ReasonText(code="plain-content", words="Too plain to tell"),
    ),
    guidance=GuidanceOnVerdicts(
        confirm=Guidance(when="The match is right and nothing is up.", examples=("It is gone.",)),
        remove=Guidance(when="The match is right and the content is up."),
        dispute=Guidance(
            when="The content is something else.", examples=("A logo.", "A template.")
        ),
    ),
    registry_reasons=(
        card.DisputeReasons("Take It Down", ("Not of a minor", "Not sexual", "Wrong hash")),
        card.DisputeReasons("Another registry", (), missing=True),
    ),
    may_claim=False,
    may_decide=True,
    may_release=True,
    may_reverse=False,
    may_pause=True,
    may_resume=False,
    may_agree=False,
    undo_until=None,
)
FREE = replace(
    CARD,
    claim=card.Claim(None, False, None, 1),
    may_claim=True,
    may_decide=False,
    may_release=False,
    evidence=(MATCH,),
)
DECIDED = replace(
    CARD,
    state="decided",
    verdict="remove",
    closed_at=ago(hours=1),
    claim=card.Claim(None, False, None, 2),
    decisions=(DECISION,),
    deliveries=(ARRIVED, FAILED, LOST),
    may_decide=False,
    may_release=False,
    may_pause=False,
    may_reverse=True,
)
UNDOABLE = replace(
    DECIDED,
    decisions=(
        replace(DECISION, ordinal=1, undone_at=ago(minutes=5)),
        replace(DECISION, ordinal=2),
    ),
    deliveries=(DELIVERY,),
    undo_until=NOW + timedelta(minutes=8),
)
LAST = Undoable(11, "H-11", "dispute", 1, NOW + timedelta(minutes=9))
SKIPS = (
    ReasonText(code="not-now", words="I would rather not look at this one"),
    ReasonText(code="not-sure", words="I am not sure"),
)
REFUSED = {
    "problem": "Your claim on this hit ran out, so nothing was decided.",
    "draft": {"verdict": "dispute", "reason": "plain-content", "note": "Half written"},
}


def hit(shown: card.HitCard, **more: Any) -> dict[str, Any]:
    """What the page of a hit is rendered with."""
    return {
        "card": shown,
        "colleagues": [Person(login="ben", name="Ben Bakker")] if shown.claim.mine else [],
        "reasons_skip": SKIPS,
        "last": None,
        "work": False,
        "problem": None,
        "draft": {"verdict": "", "reason": "", "note": ""},
        **more,
    }


def _question(choice: str, shown: card.HitCard, action: str) -> dict[str, Any]:
    typed = {"choice": choice, "note": "Shop sign", "lease": "2", "ordinal": "1"}
    return {
        "card": shown,
        "form": DecisionForm(MultiDict(typed), meta={"csrf": False}),
        "action": action,
        "work": False,
    }


def _page(shown: card.HitCard, **more: Any) -> tuple[str, Callable[[], dict[str, Any]]]:
    return "hits/hit.html", lambda: hit(shown, **more)


SCENES: Mapping[str, tuple[str, Callable[[], dict[str, Any]]]] = {
    "hit-free": _page(FREE),
    "hit-mine": _page(CARD),
    "hit-work": _page(CARD, work=True, last=LAST),
    "hit-refused": _page(CARD, **REFUSED),
    "hit-lost": _page(FREE, **REFUSED),
    "hit-theirs": _page(
        replace(
            FREE, claim=card.Claim("Ben", False, NOW, 3), may_claim=False, may_release=True
        )
    ),
    "hit-stopped": _page(
        replace(
            FREE,
            paused_at=ago(hours=2),
            paused_reason="Waiting for the police",
            escalated_reason="at risk of passing its due time",
            may_pause=False,
            may_resume=True,
        )
    ),
    "hit-decided": _page(DECIDED),
    "hit-undoable": _page(UNDOABLE),
    "hit-review": _page(
        replace(DECIDED, review_reason="decided by the policy", may_agree=True)
    ),
    "hit-unsupported": _page(replace(DECIDED, unsupported_at=ago(minutes=9))),
    "hit-withdrawn": _page(
        replace(FREE, state="withdrawn", may_claim=False, may_pause=False, closed_at=NOW)
    ),
    "hit-changed": _page(
        replace(
            FREE, state="withdrawn", closed_reason="entry-changed", may_claim=False,
            may_pause=False, closed_at=NOW,
        )
    ),
    "confirm": (
        "hits/confirm.html",
        lambda: _question("remove:match-near", CARD, "/hits/12/decide"),
    ),
    "confirm-reversal": (
        "hits/confirm.html",
        lambda: _question("dispute:Not sexual", DECIDED, "/hits/12/reverse"),
    ),
}  # fmt: skip
