"""One hit: its evidence, the claim on it, and the decision.

Whoever works through the queue (`work` in the address) is brought to the next hit by each decision.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from console.access import htmx, person, requires
from console.decision_form import DecisionForm, draft
from console.exposure import own_exposure
from console.parts import parts
from moderation import (
    claims,
    decisions,
    escalations,
    groups,
    pauses,
    proposals,
    reviews,
    second,
    skips,
    undo,
)
from moderation.card import HitCard, hit_card
from moderation.claims import ClaimRefused
from moderation.decisions import DecisionRefused, Verdict
from moderation.escalations import EscalationRefused
from moderation.pauses import PauseRefused
from moderation.permissions import Permission
from store.proposal import Proposal

blueprint = Blueprint("hits", __name__, url_prefix="/hits")

Answer = Response | str | tuple[str, int]
REFUSALS = (ClaimRefused, DecisionRefused, EscalationRefused, PauseRefused)


@blueprint.get("/<int:hit_id>")
@requires(Permission.SEE_QUEUE)
def show(hit_id: int) -> Answer:
    """The hit with its evidence. Looking does not renew a claim."""
    return _page(hit_id)


@blueprint.post("/<int:hit_id>/claim")
@requires(Permission.CLAIM)
def claim(hit_id: int) -> Answer:
    """Claim the hit, or renew one's own claim."""
    return _change(
        hit_id, lambda rows, now: claims.claim(rows, hit_id, person(), parts().policy, now)
    )


@blueprint.post("/<int:hit_id>/release")
@requires(Permission.CLAIM)
def release(hit_id: int) -> Answer:
    """Put the hit back into the queue."""
    return _change(hit_id, lambda rows, now: claims.release(rows, hit_id, person(), now))


@blueprint.post("/<int:hit_id>/hand-over")
@requires(Permission.CLAIM)
def hand_over(hit_id: int) -> Answer:
    """Give the hit to a colleague. No reason is asked."""
    to = request.form.get("to", "")[:80]
    return _change(
        hit_id,
        lambda rows, now: claims.hand_over(rows, hit_id, person(), to, parts().policy, now),
        then=_next,
    )


@blueprint.post("/<int:hit_id>/skip")
@requires(Permission.CLAIM)
def skip(hit_id: int) -> Answer:
    """Pass the hit over, for a reason."""
    reason = request.form.get("reason", "")[:40]
    return _change(
        hit_id,
        lambda rows, now: skips.skip(rows, hit_id, person(), reason, parts().policy, now),
        then=_next,
    )


@blueprint.post("/<int:hit_id>/hand-up")
@requires(Permission.CLAIM)
def hand_up(hit_id: int) -> Answer:
    """Put the hit before a lead."""
    reason = request.form.get("reason", "")
    return _change(
        hit_id,
        lambda rows, now: escalations.hand_up(rows, hit_id, person(), reason, now),
        then=_next,
    )


@blueprint.post("/<int:hit_id>/pause")
@requires(Permission.PAUSE_CLOCK)
def pause(hit_id: int) -> Answer:
    """Stop the hit's clock."""
    reason = request.form.get("reason", "")
    return _change(hit_id, lambda rows, now: pauses.pause(rows, hit_id, person(), reason, now))


@blueprint.post("/<int:hit_id>/resume")
@requires(Permission.PAUSE_CLOCK)
def resume(hit_id: int) -> Answer:
    """Let the hit's clock go on."""
    return _change(hit_id, lambda rows, now: pauses.resume(rows, hit_id, person(), now))


@blueprint.post("/<int:hit_id>/decide")
@requires(Permission.DECIDE)
def decide(hit_id: int) -> Answer:
    """Decide the hit under one's claim. What the platform acts on at once is asked for twice."""
    form = DecisionForm()
    if not form.validate_on_submit():
        return _page(hit_id, problem=form.first_error, status=422)
    if form.verdict == Verdict.REMOVE and not form.sure.data:
        return _confirmation(hit_id, form)
    return _change(
        hit_id,
        lambda rows, now: second.decide_or_propose(
            rows, hit_id, form.lease.data or 0, person(), form.chosen, parts().policy, now
        ),
        then=_decided,
    )


@blueprint.post("/<int:hit_id>/reverse")
@requires(Permission.REVERSE)
def reverse(hit_id: int) -> Answer:
    """Decide a decided hit otherwise. Asked for twice, whatever the new decision is."""
    form = DecisionForm()
    if not form.validate_on_submit():
        return _page(hit_id, problem=form.first_error, status=422)
    if not form.sure.data:
        return _confirmation(hit_id, form)
    return _change(
        hit_id,
        lambda rows, now: decisions.reverse(
            rows, hit_id, form.ordinal.data or 0, person(), form.chosen, parts().policy, now
        ),
        then=_decided,
    )


@blueprint.post("/<int:hit_id>/undo")
@requires(Permission.DECIDE)
def take_back(hit_id: int) -> Answer:
    """Undo one's decision while the registries have not heard of it."""
    return _change(
        hit_id,
        lambda rows, now: undo.undo(rows, hit_id, _seen(), person(), parts().policy, now),
        then=_undone,
    )


@blueprint.post("/<int:hit_id>/agree")
@requires(Permission.REVERSE)
def agree(hit_id: int) -> Answer:
    """Say that a decision which waits to be looked at again stands."""
    return _change(hit_id, lambda rows, now: reviews.agree(rows, hit_id, _seen(), person(), now))


def _change(
    hit_id: int,
    change: Callable[[Session, datetime], object],
    *,
    then: Callable[[int, object], Answer | None] = lambda _hit_id, _made: None,
) -> Answer:
    """Do `change` in one transaction; if it is refused, show the hit with the reason why.

    Afterwards go where `then` says, or stay.
    """
    try:
        with parts().database.write() as rows:
            made = change(rows, datetime.now(UTC))
    except REFUSALS as refusal:
        return _page(hit_id, problem=str(refusal), status=409)
    elsewhere = then(hit_id, made)
    if elsewhere is not None:
        return elsewhere
    # A redirect would lose a note that came along with the claim.
    if htmx or (then is not _decided and draft()["note"]):
        return _page(hit_id)
    return redirect(_address(hit_id))


def _decided(hit_id: int, made: object) -> Answer | None:
    if isinstance(made, Proposal):
        flash(f"H-{hit_id} waits for a second person: {made.why}.", "info")
    else:
        parts().wake.deliveries_planned()
        flash(f"H-{hit_id} is decided.", "decided")
    return _next(hit_id, made)


def _undone(hit_id: int, _made: object) -> Answer | None:
    parts().wake.deliveries_planned()
    flash(f"The decision on H-{hit_id} is taken back, and the hit is yours again.", "success")
    return None if htmx else redirect(_address(hit_id))


def _next(_hit_id: int, _made: object) -> Answer | None:
    """The next hit, for whoever works through the queue."""
    if not _working():
        return None
    try:
        with parts().database.write() as rows:
            lease = claims.claim_next(rows, person(), parts().policy, datetime.now(UTC))
    except ClaimRefused as refusal:
        flash(str(refusal), "info")
        return redirect(url_for("queue.show"))
    if lease is None:
        flash("Nothing more is waiting that nobody holds. Well done.", "info")
        return redirect(url_for("queue.show"))
    return redirect(_address(lease.hit_id))


def _working() -> bool:
    return request.args.get("work") == "1"


def _address(hit_id: int) -> str:
    return url_for("hits.show", hit_id=hit_id, work=1 if _working() else None)


def _seen() -> int:
    """The newest decision that the person saw."""
    text = request.form.get("ordinal", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _page(hit_id: int, *, problem: str | None = None, status: int = 200) -> tuple[str, int]:
    now = datetime.now(UTC)
    with parts().database.read() as rows:
        card = _card(rows, hit_id)
        html = render_template(
            "hits/_hit.html" if htmx else "hits/hit.html",
            card=card,
            colleagues=claims.colleagues(rows, person()) if card.claim.mine else [],
            reasons_skip=parts().policy.reasons.skip,
            groups=groups.sizes(rows, hit_id, parts().policy) if card.state == "open" else {},
            proposals=proposals.standing(rows, hit_id) if card.state == "open" else (),
            last=undo.latest(rows, person(), parts().policy, now),
            exposure=own_exposure(rows),
            work=_working(),
            problem=problem,
            draft=draft(),
        )
    return html, status


def _confirmation(hit_id: int, form: DecisionForm) -> tuple[str, int]:
    """Ask once more, with what will happen."""
    with parts().database.read() as rows:
        card = _card(rows, hit_id)
    endpoint = "hits.reverse" if card.state == "decided" else "hits.decide"
    action = url_for(endpoint, hit_id=hit_id, work=1 if _working() else None)
    template = "hits/_confirm.html" if htmx else "hits/confirm.html"
    return render_template(template, card=card, form=form, action=action, work=_working()), 200


def _card(rows: Session, hit_id: int) -> HitCard:
    card = hit_card(rows, hit_id, person(), parts().policy, datetime.now(UTC))
    if card is None:
        abort(404)
    return card
