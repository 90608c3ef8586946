"""Deliveries: what is on its way to registries and the platform, and what was given up."""

from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from console.access import person, requires
from console.lists import listing
from console.parts import parts
from moderation import delivery_list, outbox, paging
from moderation.outbox import RetryRefused
from moderation.permissions import Permission

blueprint = Blueprint("deliveries", __name__, url_prefix="/deliveries")


@blueprint.get("")
@requires(Permission.SEE_DELIVERIES)
def show() -> str:
    """Deliveries, newest first, by state."""
    state = request.args.get("state") or None
    with parts().database.read() as rows:
        page = delivery_list.rows(
            rows,
            state=state,
            cursor=request.args.get("cursor"),
            size=paging.size_of(request.args.get("size")),
        )
        return render_template(
            "deliveries/deliveries.html",
            page=listing(page),
            state=state,
            counts=delivery_list.counts(rows),
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
    return redirect(url_for("deliveries.show", state="failed"))
