"""Entries that are for review only, and saying that one is in order again."""

from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from console.access import person, requires
from console.lists import listing
from console.parts import parts
from moderation import paging, suspects, suspicion
from moderation.permissions import Permission
from moderation.suspicion import LiftRefused

blueprint = Blueprint("suspects", __name__, url_prefix="/entries")


@blueprint.get("")
@requires(Permission.SEE_SOURCES)
def show() -> str:
    """Entries that nothing may happen by itself because of, and why."""
    with parts().database.read() as rows:
        page = suspects.suspects(
            rows,
            cursor=request.args.get("cursor"),
            size=paging.size_of(request.args.get("size")),
        )
    may_trust = person().may(Permission.TRUST_ENTRIES)
    return render_template(
        "sources/suspects.html",
        page=listing(page),
        may_trust=may_trust,
        may_see_queue=person().may(Permission.SEE_QUEUE),
    )


@blueprint.post("/<int:entry_id>/trust")
@requires(Permission.TRUST_ENTRIES)
def trust(entry_id: int) -> Response:
    """Say that an entry is in order."""
    try:
        with parts().database.write() as rows:
            suspicion.lift(rows, entry_id, person(), parts().policy, datetime.now(UTC))
    except LiftRefused as refusal:
        flash(str(refusal), "warning")
    else:
        parts().wake.deliveries_planned()
        flash("The entry has its automatic effects again.", "success")
    return redirect(url_for("suspects.show"))
