"""The queue: what waits, filtered by the URL, and the most urgent for whoever asks."""

from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from console import queue_form
from console.access import htmx, person, requires
from console.exposure import own_exposure
from console.lists import listing
from console.parts import parts
from console.queue_form import FilterForm
from moderation import claims, paging, queue, saved_views, undo
from moderation.claims import ClaimRefused
from moderation.permissions import Permission
from store.source import Source

blueprint = Blueprint("queue", __name__)


@blueprint.get("/queue")
@requires(Permission.SEE_QUEUE)
def show() -> str:
    """A page of hits; for htmx the rows alone."""
    filters, now = queue_form.filters(request.args), datetime.now(UTC)
    size = paging.size_of(request.args.get("size"))
    with parts().database.read() as rows:
        page = queue.rows(
            rows,
            filters,
            person(),
            parts().policy,
            cursor=request.args.get("cursor"),
            size=size,
            now=now,
        )
        return render_template(
            "queue/_rows.html" if htmx else "queue/queue.html",
            page=listing(page),
            filters=FilterForm(filters, size, _sources(rows)),
            counts=queue.counts(rows, person(), now),
            views=saved_views.views(rows, person()),
            exposure=own_exposure(rows),
            last=undo.latest(rows, person(), parts().policy, now),
        )


@blueprint.post("/queue/next")
@requires(Permission.CLAIM)
def claim_next() -> Response:
    """Claim the most urgent hit that nobody holds, and go there to work: one after the other."""
    now = datetime.now(UTC)
    try:
        with parts().database.write() as rows:
            lease = claims.claim_next(rows, person(), parts().policy, now)
    except ClaimRefused as refused:
        flash(str(refused), "info")
        return redirect(url_for("queue.show"))
    if lease is None:
        flash("Nothing is waiting that nobody holds. Well done.", "info")
        return redirect(url_for("queue.show"))
    return redirect(url_for("hits.show", hit_id=lease.hit_id, work=1))


def _sources(rows: Session) -> queue_form.Choices:
    found = rows.execute(select(Source.id, Source.name).order_by(Source.name))
    return tuple((str(row.id), row.name) for row in found)
