"""One decision for many hits: what it covers is shown first, single ones can be left out."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from console.access import person, requires
from console.decision_form import DecisionForm, draft
from console.hits import Answer
from console.parts import parts
from moderation import groups
from moderation.card import HitCard, hit_card
from moderation.decisions import DecisionRefused
from moderation.groups import Because, Covered, Member
from moderation.permissions import Permission

blueprint = Blueprint("groups", __name__)


@blueprint.get("/hits/<int:hit_id>/group/<because>")
@requires(Permission.DECIDE)
def show(hit_id: int, because: str) -> Answer:
    """The open hits that have it in common with this one, and the decision for them. Those named
    `out` are not ticked: whoever goes back from the confirmation finds their choice."""
    out = _numbers(request.args.getlist("out"))
    return _page(hit_id, _because(because), lambda one: one not in out)


@blueprint.post("/hits/<int:hit_id>/group/<because>")
@requires(Permission.DECIDE)
def decide(hit_id: int, because: str) -> Answer:
    """Decide the hits that were left ticked. What that covers is asked for once more."""
    common, form, chosen = _because(because), DecisionForm(), _chosen()
    if not form.validate_on_submit():
        return _page(hit_id, common, chosen.__contains__, problem=form.first_error, status=422)
    if not form.sure.data:
        return _confirmation(hit_id, common, form, chosen)
    try:
        with parts().database.write() as rows:
            covered = groups.decide(
                rows,
                hit_id,
                common,
                chosen,
                person(),
                form.chosen,
                parts().policy,
                datetime.now(UTC),
            )
    except DecisionRefused as refusal:
        return _page(hit_id, common, chosen.__contains__, problem=str(refusal), status=409)
    parts().wake.deliveries_planned()
    return _outcome(covered, "decided")


@blueprint.post("/groups/<int:group_id>/undo")
@requires(Permission.DECIDE)
def undo(group_id: int) -> Answer:
    """Undo all of a group that still can be."""
    try:
        with parts().database.write() as rows:
            covered = groups.undo_all(rows, group_id, person(), parts().policy, datetime.now(UTC))
    except DecisionRefused as refusal:
        flash(str(refusal), "warning")
        return redirect(url_for("queue.show"))
    parts().wake.deliveries_planned()
    return _outcome(covered, "undone")


def _because(text: str) -> Because:
    if text not in list(Because):
        abort(404)
    return Because(text)


def _chosen() -> list[int]:
    texts = request.form.getlist("hit")[: parts().policy.groups.at_most + 1]
    return _numbers(texts)


def _numbers(texts: Iterable[str]) -> list[int]:
    return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19]


def _page(
    hit_id: int,
    because: Because,
    ticked: Callable[[int], bool],
    *,
    problem: str | None = None,
    status: int = 200,
) -> tuple[str, int]:
    with parts().database.read() as rows:
        card, members = _both(rows, hit_id, because)
        html = render_template(
            "hits/group.html",
            card=card,
            members=members,
            because=because,
            at_most=parts().policy.groups.at_most,
            ticked=[one.id for one in members if one.held_by is None and ticked(one.id)],
            problem=problem,
            draft=draft(),
            work=True,
        )
    return html, status


def _confirmation(
    hit_id: int, because: Because, form: DecisionForm, chosen: list[int]
) -> tuple[str, int]:
    """What the decision will cover, before it is made."""
    with parts().database.read() as rows:
        card, members = _both(rows, hit_id, because)
    html = render_template(
        "hits/group_confirm.html",
        card=card,
        form=form,
        because=because,
        covered=[one for one in members if one.id in chosen and one.held_by is None],
        left_out=[one for one in members if one.id not in chosen or one.held_by is not None],
        gone=sorted(set(chosen) - {one.id for one in members}),
    )
    return html, 200


def _both(rows: Session, hit_id: int, because: Because) -> tuple[HitCard, list[Member]]:
    now, policy = datetime.now(UTC), parts().policy
    card = hit_card(rows, hit_id, person(), policy, now)
    if card is None:
        abort(404)
    return card, list(groups.members(rows, hit_id, because, person(), policy, now))


def _outcome(covered: Covered, done: str) -> Response | tuple[str, int]:
    return render_template("hits/group_done.html", covered=covered, done=done), 200
