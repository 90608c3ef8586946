"""Views of the queue that a person keeps: saved on the queue, changed among one's own settings."""

from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from flask import Blueprint, flash, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from console import queue_form
from console.access import person, requires
from console.parts import parts
from console.queue_form import FilterForm
from moderation import paging, saved_views
from moderation.permissions import Permission
from moderation.saved_views import ViewRefused

blueprint = Blueprint("views", __name__, url_prefix="/queue/views")


@blueprint.post("")
@requires(Permission.SEE_QUEUE)
def save() -> Response:
    """Keep the filters of an address under a name; what is no filter is left out."""
    asked = dict(parse_qsl(request.form.get("query", "")[: saved_views.MAX_QUERY]))
    size = paging.size_of(asked.get("size"))
    query = FilterForm(queue_form.filters(asked), size, ()).query
    name = request.form.get("name", "")
    _change(
        lambda rows: saved_views.save(rows, person(), name, query, datetime.now(UTC)),
        "The view is kept. Rename or delete it among your settings.",
    )
    return redirect(f"{url_for('queue.show')}?{query}")


@blueprint.post("/<int:view_id>/rename")
@requires(Permission.SEE_QUEUE)
def rename(view_id: int) -> Response:
    """Give a view another name."""
    name = request.form.get("name", "")
    _change(lambda rows: saved_views.rename(rows, person(), view_id, name), "The view is renamed.")
    return redirect(url_for("me.show"))


@blueprint.post("/<int:view_id>/delete")
@requires(Permission.SEE_QUEUE)
def delete(view_id: int) -> Response:
    """Forget a view."""
    _change(lambda rows: saved_views.delete(rows, person(), view_id), "The view is deleted.")
    return redirect(url_for("me.show"))


@blueprint.post("/<int:view_id>/start")
@requires(Permission.SEE_QUEUE)
def start(view_id: int) -> Response:
    """Begin with this view; with the whole queue for view 0."""
    _change(
        lambda rows: saved_views.start(rows, person(), view_id or None),
        "You begin there from now on.",
    )
    return redirect(url_for("me.show"))


def _change(change: Callable[[Session], object], done: str) -> None:
    try:
        with parts().database.write() as rows:
            change(rows)
    except ViewRefused as refused:
        flash(str(refused), "warning")
    else:
        flash(done, "success")
