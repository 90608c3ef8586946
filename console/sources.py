"""Sources: what is read from whom, how it went, and reading it now."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from console.access import person, requires
from console.parts import parts
from moderation import index, sources, sweeps
from moderation.permissions import Permission

blueprint = Blueprint("sources", __name__, url_prefix="/sources")


@blueprint.get("")
@requires(Permission.SEE_SOURCES)
def show() -> str:
    """All sources and how the index stands."""
    with parts().database.read() as rows:
        return render_template(
            "sources/sources.html",
            sources=sources.everything(rows),
            index=index.standing(rows, parts().index),
            sweeps=sweeps.progress(rows, sweeps.unfinished(rows)),
            may_sync=person().may(Permission.SYNC_SOURCES),
        )


@blueprint.get("/<int:source_id>")
@requires(Permission.SEE_SOURCES)
def one(source_id: int) -> str:
    """One source: its settings, its syncs, and what could not be read."""
    with parts().database.read() as rows:
        found = [source for source in sources.everything(rows) if source.id == source_id]
        if not found:
            abort(404)
        return render_template(
            "sources/source.html",
            source=found[0],
            runs=sources.runs(rows, source_id),
            problems=sources.problems(rows, source_id),
            may_sync=person().may(Permission.SYNC_SOURCES),
        )


@blueprint.post("/<int:source_id>/sync")
@requires(Permission.SYNC_SOURCES)
def sync(source_id: int) -> Response:
    """Have a source read now."""
    with parts().database.read() as rows:
        known = source_id in {source.id for source in sources.everything(rows)}
        readable = source_id in sources.to_sync(rows)
    if not known:
        abort(404)
    if readable:
        parts().wake.sync(source_id)
        flash("The source is being read. New entries appear here within seconds.", "info")
    else:
        flash("The source is paused, so it is not read.", "warning")
    return redirect(url_for("sources.one", source_id=source_id))
