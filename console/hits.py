"""One hit: its evidence, the claim on it, and the decision."""

from collections.abc import Callable
from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import BooleanField, IntegerField, StringField, TextAreaField
from wtforms.validators import AnyOf, Length, Optional

from console.access import htmx, person, requires
from console.parts import parts
from moderation import claims, decisions, evidence
from moderation.claims import ClaimRefused
from moderation.decisions import Choice, DecisionRefused, Verdict
from moderation.evidence import HitCard
from moderation.permissions import Permission

blueprint = Blueprint("hits", __name__, url_prefix="/hits")

Answer = Response | str | tuple[str, int]


class DecisionForm(FlaskForm):  # type: ignore[misc]
    """A decision. `lease` is the claim it is made under, `ordinal` the decision it reverses."""

    verdict = StringField(
        validators=[AnyOf(list(Verdict), message="Choose confirm, remove or dispute.")]
    )
    reason = StringField(validators=[Length(max=40)])
    registry_reason = StringField(validators=[Length(max=200)])
    note = TextAreaField(validators=[Length(max=decisions.MAX_NOTE)])
    lease = IntegerField(validators=[Optional()])
    ordinal = IntegerField(validators=[Optional()])
    sure = BooleanField()


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
        hit_id,
        lambda rows, now: claims.claim(rows, hit_id, person(), parts().policy.lease.length, now),
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
        lambda rows, now: claims.hand_over(
            rows, hit_id, person(), to, parts().policy.lease.length, now
        ),
    )


@blueprint.post("/<int:hit_id>/decide")
@requires(Permission.DECIDE)
def decide(hit_id: int) -> Answer:
    """Decide the hit under one's claim. What the platform acts on at once is asked for twice."""
    form = DecisionForm()
    if not form.validate_on_submit():
        return _page(hit_id, problem=_first_error(form), status=422)
    if form.verdict.data == Verdict.REMOVE and not form.sure.data:
        return _confirmation(hit_id, form)
    return _change(
        hit_id,
        lambda rows, now: decisions.decide(
            rows, hit_id, form.lease.data or 0, person(), _choice(form), parts().policy, now
        ),
        decided=True,
    )


@blueprint.post("/<int:hit_id>/reverse")
@requires(Permission.REVERSE)
def reverse(hit_id: int) -> Answer:
    """Decide a decided hit otherwise. Asked for twice, whatever the new decision is."""
    form = DecisionForm()
    if not form.validate_on_submit():
        return _page(hit_id, problem=_first_error(form), status=422)
    if not form.sure.data:
        return _confirmation(hit_id, form)
    return _change(
        hit_id,
        lambda rows, now: decisions.reverse(
            rows, hit_id, form.ordinal.data or 0, person(), _choice(form), parts().policy, now
        ),
        decided=True,
    )


def _change(
    hit_id: int, change: Callable[[Session, datetime], object], *, decided: bool = False
) -> Answer:
    """Do `change` in one transaction; if it is refused, show the hit with the reason why."""
    try:
        with parts().database.write() as rows:
            change(rows, datetime.now(UTC))
    except (ClaimRefused, DecisionRefused) as refusal:
        return _page(hit_id, problem=str(refusal), status=409)
    if decided:
        parts().wake.deliveries_planned()
        flash(f"H-{hit_id} is decided.", "success")
    # A redirect would lose a note that came along with the claim.
    if htmx or (not decided and _draft()["note"]):
        return _page(hit_id)
    return redirect(url_for("hits.show", hit_id=hit_id))


def _page(hit_id: int, *, problem: str | None = None, status: int = 200) -> tuple[str, int]:
    with parts().database.read() as rows:
        card = _card(rows, hit_id)
        colleagues = claims.colleagues(rows, person()) if card.claim.mine else []
    template = "hits/_hit.html" if htmx else "hits/hit.html"
    html = render_template(
        template, card=card, colleagues=colleagues, problem=problem, draft=_draft()
    )
    return html, status


def _confirmation(hit_id: int, form: DecisionForm) -> tuple[str, int]:
    """Ask once more, with what will happen."""
    with parts().database.read() as rows:
        card = _card(rows, hit_id)
    action = url_for("hits.reverse" if card.state == "decided" else "hits.decide", hit_id=hit_id)
    template = "hits/_confirm.html" if htmx else "hits/confirm.html"
    return render_template(template, card=card, form=form, action=action), 200


def _card(rows: Session, hit_id: int) -> HitCard:
    card = evidence.card(rows, hit_id, person(), parts().policy, datetime.now(UTC))
    if card is None:
        abort(404)
    return card


def _choice(form: DecisionForm) -> Choice:
    return Choice(
        verdict=Verdict(form.verdict.data),
        reason=form.reason.data or "",
        note=form.note.data or "",
        registry_reason=form.registry_reason.data or "",
    )


def _first_error(form: DecisionForm) -> str:
    for name, errors in form.errors.items():
        return f"{name or 'form'}: {errors[0]}"
    return "The form could not be read."


def _draft() -> dict[str, str]:
    """What was typed, to be kept when a decision is refused; a fingerprint in it is not."""
    kept = ("verdict", "reason", "registry_reason", "note")
    typed = {name: request.form.get(name, "")[: decisions.MAX_NOTE] for name in kept}
    secret = decisions.LOOKS_LIKE_A_FINGERPRINT
    return {name: secret.sub("[fingerprint]", text) for name, text in typed.items()}
