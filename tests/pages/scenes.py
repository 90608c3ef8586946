"""The console's pages with made-up contents: the real templates and read models, no database.

python -m tests.pages.scenes   # then open http://127.0.0.1:8009/scene/queue
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Flask, render_template
from flask_htmx import HTMX
from flask_login import LoginManager
from flask_wtf import CSRFProtect
from werkzeug.datastructures import MultiDict

from config.policy import ReasonText
from console.access import SignedIn
from console.application import BLUEPRINTS, ROOT
from console.hits import DecisionForm
from console.lists import Listing
from console.presentation import install
from console.security import CONTENT_POLICY
from console.sign_in import SignInForm
from moderation import audit, evidence, metrics, queue
from moderation.clock import ClockState
from moderation.people import Identity
from moderation.permissions import Role
from store.person import ApiKey, Person
from tests.pages.source_scenes import SCENES as SOURCE_SCENES
from tests.pages.triage_scenes import SCENES as TRIAGE_SCENES

NOW = datetime.now(UTC)
HEX = "5f0c" * 16  # looks like a fingerprint, as a platform's id may


VIEWER = SignedIn(Identity(1, "ada", "Ada Almeida", Role.LEAD, 1))  # a lead sees the most


def ago(**distance: float) -> datetime:
    """A moment in the past."""
    return NOW - timedelta(**distance)


MATCH = evidence.Evidence(
    match_id=1,
    source="Take It Down",
    registry_kind="ncmec",
    member="NCMEC Take It Down",
    entry="e-1042",
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
CONTENT = evidence.ContentFacts(
    HEX[:32], "image", "profile", HEX[:40], ago(hours=7), ago(hours=6), ago(hours=1), 14, 3, 1
)
DECISION = evidence.DecisionFacts(
    1,
    "remove",
    "Near copy of the listed picture",
    "Seen twice.\nSame shop sign.",
    "Ada",
    ago(hours=1),
    "1",
)
DELIVERY = evidence.DeliveryFacts(
    7, "registry:Take It Down", "entry:4:pdq", "affirmative", "waiting", 1, NOW, None, None, ""
)
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
CARD = evidence.HitCard(
    id=12,
    name="H-12",
    state="open",
    verdict=None,
    priority=55,
    priority_reasons=("near copy, 12 bits differ", "confirmed by 3 other member(s)"),
    opened_at=ago(hours=5),
    due_at=NOW + timedelta(hours=3),
    closed_at=None,
    clock=ClockState.AT_RISK,
    content=CONTENT,
    evidence=(
        EXACT,
        MATCH,
        replace(MATCH, match_id=3, distance=27, nearness=queue.Nearness.FAR, removed_in="H-9"),
    ),
    claim=evidence.Claim("Ada Almeida", True, NOW + timedelta(minutes=14), 2),
    decisions=(),
    deliveries=(),
    history=(LINE,),
    reasons_confirm=(ReasonText(code="already-gone", words="Already gone from the platform"),),
    reasons_remove=(
        ReasonText(code="match-exact", words="Exact copy of the listed picture"),
        ReasonText(code="match-near", words="Near copy of the listed picture"),
    ),
    reasons_dispute=(ReasonText(code="different-content", words="The content is something else"),),
    registry_reasons=(
        evidence.DisputeReasons("Take It Down", ("Not of a minor", "Not sexual", "Wrong hash")),
        evidence.DisputeReasons("StopNCII", ()),
    ),
    may_claim=False,
    may_decide=True,
    may_release=True,
    may_reverse=False,
)
FREE = replace(
    CARD,
    claim=evidence.Claim(None, False, None, 1),
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
    claim=evidence.Claim(None, False, None, 2),
    decisions=(DECISION,),
    deliveries=(DELIVERY, replace(DELIVERY, state="failed", answer_status=503, answer="later")),
    may_decide=False,
    may_release=False,
    may_reverse=True,
)
DAYS = tuple(
    metrics.Day(date(2026, 3, day), 20 + day, day % 4, 10 + day % 3, day % 2)
    for day in range(1, 15)
)
STATES = {"waiting": 2, "sending": 0, "delivered": 93, "failed": 1, "cancelled": 0}


def _listing(*rows: Any) -> Listing[Any]:
    return Listing(rows, 25, "/queue?cursor=1", "/queue")


def _hit(card: evidence.HitCard, **more: Any) -> dict[str, Any]:
    draft = dict.fromkeys(("verdict", "reason", "registry_reason", "note"), "")
    people = [Person(login="ben", name="Ben Bakker")] if card.claim.mine else []
    return {"card": card, "colleagues": people, "problem": None, "draft": draft, **more}


def _confirm() -> dict[str, Any]:
    data = MultiDict({"verdict": "dispute", "reason": "different-content", "ordinal": "1"})
    return {"card": DECIDED, "form": DecisionForm(data), "action": "/hits/12/reverse"}


def _sign_in(message: str | None = None) -> dict[str, Any]:
    return {"form": SignInForm(MultiDict({"next": "/queue"})), "message": message}


def _sign_in_mistakes() -> dict[str, Any]:
    form = SignInForm(MultiDict())
    form.validate()
    return {"form": form, "message": None}


REFUSED = {
    "problem": "Your claim on this hit ran out, so nothing was decided.",
    "draft": {"verdict": "dispute", "reason": "", "registry_reason": "", "note": "Half written"},
}
SCENES: Mapping[str, tuple[str, Callable[[], dict[str, Any]]]] = {
    "sign-in": ("access/sign_in.html", _sign_in),
    "sign-in-refused": ("access/sign_in.html", lambda: _sign_in("Login or password is wrong.")),
    "sign-in-mistakes": ("access/sign_in.html", _sign_in_mistakes),
    **TRIAGE_SCENES,
    "hit-free": ("hits/hit.html", lambda: _hit(FREE)),
    "hit-mine": ("hits/hit.html", lambda: _hit(CARD)),
    "hit-refused": ("hits/hit.html", lambda: _hit(CARD, **REFUSED)),
    "hit-theirs": (
        "hits/hit.html",
        lambda: _hit(
            replace(FREE, claim=evidence.Claim("Ben", False, NOW, 3), may_release=True)
        ),
    ),
    "hit-decided": ("hits/hit.html", lambda: _hit(DECIDED)),
    "hit-withdrawn": (
        "hits/hit.html",
        lambda: _hit(replace(FREE, state="withdrawn", may_claim=False, closed_at=NOW)),
    ),
    "confirm": ("hits/confirm.html", _confirm),
    "audit": (
        "audit/audit.html",
        lambda: {
            "page": _listing(LINE, replace(LINE, id=30, details={})), "subject": "H-12",
            "action": "", "actions": ["hit.decided"], "may_export": True,
        },
    ),
    "audit-empty": (
        "audit/audit.html",
        lambda: {
            "page": _listing(), "subject": "x", "action": "", "actions": [], "may_export": False,
        },
    ),
    **SOURCE_SCENES,
    "deliveries": (
        "deliveries/deliveries.html",
        lambda: {
            "page": _listing(DELIVERY, replace(DELIVERY, state="failed", answer_status=503)),
            "state": None, "counts": STATES, "may_retry": True,
        },
    ),
    "deliveries-none": (
        "deliveries/deliveries.html",
        lambda: {"page": _listing(), "state": "failed", "counts": STATES, "may_retry": True},
    ),
    "metrics": (
        "metrics/metrics.html",
        lambda: {"figures": metrics.Figures(1204, 31, 3, 310, 4, 88.4, STATES, DAYS)},
    ),
    "metrics-none": (
        "metrics/metrics.html",
        lambda: {"figures": metrics.Figures(0, 0, 0, 0, 0, None, STATES, DAYS[:1])},
    ),
    "people": (
        "people/people.html",
        lambda: {
            "people": [Person(login="ada", name="Ada", role="lead", active=True, signed_in_at=NOW)],
            "keys": [ApiKey(name="uploads", scopes=["content:write"], created_at=NOW)],
        },
    ),
    "error-404": (
        "errors/error.html",
        lambda: {"code": 404, "title": "There is nothing here", "text": "Look in the queue."},
    ),
    "error-500": (
        "errors/error.html",
        lambda: {"code": 500, "title": "Something went wrong", "text": "It has been logged."},
    ),
}  # fmt: skip


def create_scenes() -> Flask:
    """An app that shows the scenes under /scene/<name>, /part/hit for the fragments."""
    app = Flask("scenes", root_path=str(ROOT))
    app.config.update(SECRET_KEY="a key for the scenes only", WTF_CSRF_TIME_LIMIT=None)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    CSRFProtect(app)
    HTMX(app)
    LoginManager(app).request_loader(lambda _request: VIEWER)
    install(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.add_url_rule("/scene/<name>", "scene", _scene)
    app.add_url_rule("/part/<path:template>/<name>", "part", _part)

    @app.after_request
    def policy(response):  # type: ignore[no-untyped-def]
        response.headers["Content-Security-Policy"] = CONTENT_POLICY
        return response

    return app


def _scene(name: str) -> str:
    template, context = SCENES[name]
    return render_template(template, own_keys=_own_keys, **context())


def _part(template: str, name: str) -> str:
    return render_template(f"{template}.html", **SCENES[name][1]())


def _own_keys() -> dict[str, Any]:
    """The keys of somebody who changed nothing."""
    return {"off": False, "map": {}}


if __name__ == "__main__":
    create_scenes().run(port=8009)
