"""Deliveries: what is on its way to registries and the platform, and what was given up."""

from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from console.access import person, requires
from console.lists import listing
from console.parts import parts
from moderation import audit, circuit, delivery_list, outbox, paging
from moderation.delivery_list import Stage
from moderation.outbox import RetryRefused
from moderation.permissions import Permission

blueprint = Blueprint("deliveries", __name__, url_prefix="/deliveries")

HISTORY = 50


@blueprint.get("")
@requires(Permission.SEE_DELIVERIES)
def show() -> str:
    """Deliveries, newest first, by stage and destination; and the destinations themselves."""
    wanted, now = request.args.get("stage"), datetime.now(UTC)
    stage = Stage(wanted) if wanted in list(Stage) else None
    destination = request.args.get("destination", "")[:255] or None
    with parts().database.read() as rows:
        page = delivery_list.rows(
            rows,
            stage=stage,
            destination=destination,
            cursor=request.args.get("cursor"),
            size=paging.size_of(request.args.get("size")),
            now=now,
        )
        return render_template(
            "deliveries/deliveries.html",
            page=listing(page),
            stage=stage,
            destination=destination,
            counts=delivery_list.counts(rows, now),
            circuits=list(circuit.standing(rows, now).values()),
            may_retry=person().may(Permission.RETRY_DELIVERIES),
        )


@blueprint.get("/<int:delivery_id>")
@requires(Permission.SEE_DELIVERIES)
def one(delivery_id: int) -> str:
    """One delivery: what was said, what was answered, and what the log has of it."""
    with parts().database.read() as rows:
        found = delivery_list.one(rows, delivery_id, datetime.now(UTC))
        if found is None:
            abort(404)
        delivery, said = found
        subject = f"delivery:{delivery_id}"
        return render_template(
            "deliveries/delivery.html",
            delivery=delivery,
            said=said,
            history=list(audit.lines(rows, subject=subject, newest_first=True, limit=HISTORY)),
            may_see_queue=person().may(Permission.SEE_QUEUE),
            may_retry=person().may(Permission.RETRY_DELIVERIES),
        )


@blueprint.post("/<int:delivery_id>/retry")
@requires(Permission.RETRY_DELIVERIES)
def retry(delivery_id: int) -> Response:
    """Send again what was given up."""
    try:
        with parts().database.write() as rows:
            outbox.retry(rows, delivery_id, person().actor, datetime.now(UTC))
    except RetryRefused as refusal:
        flash(str(refusal), "warning")
    else:
        parts().wake.deliveries_planned()
        flash("The delivery is being sent again.", "info")
    return redirect(url_for("deliveries.show", stage=Stage.GIVEN_UP))
