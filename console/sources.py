"""Sources: what is read from whom and how it went; adding, changing, testing and reading them."""

from datetime import UTC, datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from console.access import person, requires
from console.limits import limiter
from console.parts import parts
from console.source_form import NewSourceForm, SettingsForm, form_of
from moderation import index, source_list, sources, sweeps
from moderation.permissions import Permission
from moderation.source_list import SourceFacts
from moderation.source_settings import SourceRefused
from moderation.sources import NoAnswer

blueprint = Blueprint("sources", __name__, url_prefix="/sources")


@blueprint.get("")
@requires(Permission.SEE_SOURCES)
def show() -> str:
    """All sources and how the index stands."""
    with parts().database.read() as rows:
        return render_template(
            "sources/sources.html",
            sources=source_list.everything(rows),
            index=index.standing(rows, parts().index),
            sweeps=sweeps.progress(rows, sweeps.unfinished(rows)),
        )


@blueprint.get("/<int:source_id>")
@requires(Permission.SEE_SOURCES)
def one(source_id: int) -> str:
    """One source: its settings, its syncs, and what could not be read."""
    source = _found(source_id)
    with parts().database.read() as rows:
        return render_template(
            "sources/source.html",
            source=source,
            policy=parts().policy,
            secret_is_set=parts().registries.has_secret(source.settings.secret_name),
            runs=source_list.runs(rows, source_id),
            problems=source_list.problems(rows, source_id),
        )


@blueprint.get("/new")
@requires(Permission.MANAGE_SOURCES)
def new() -> str:
    """The form for a new source."""
    return _new_form(_empty_form())


@blueprint.post("/new")
@requires(Permission.MANAGE_SOURCES)
def add() -> Response | tuple[str, int]:
    """Make a source. It is read with the next sync, or now from its page."""
    form = _empty_form()
    if not form.validate_on_submit():
        return _new_form(form), 422
    try:
        with parts().database.write() as rows:
            source = sources.add(
                rows,
                name=(form.name.data or "").strip(),
                kind=parts().registries.kinds()[form.kind.data],
                settings=form.settings(),
                policy=parts().policy,
                actor=person().actor,
                now=datetime.now(UTC),
            )
    except SourceRefused as error:
        form.refuse(error)
        return _new_form(form), 422
    flash(f"{source.name} is added. Test the connection; it is read within minutes.", "success")
    return redirect(url_for("sources.one", source_id=source.id))


@blueprint.get("/<int:source_id>/change")
@requires(Permission.MANAGE_SOURCES)
def edit(source_id: int) -> str:
    """The form of a source as it stands."""
    source = _found(source_id)
    return _change_form(source, form_of(source.settings))


@blueprint.post("/<int:source_id>/change")
@requires(Permission.MANAGE_SOURCES)
def change(source_id: int) -> Response | tuple[str, int]:
    """Change a source, unless somebody else did since the form was opened."""
    source, form = _found(source_id), SettingsForm()
    if not form.validate_on_submit():
        return _change_form(source, form), 422
    try:
        with parts().database.write() as rows:
            changed = sources.change(
                rows,
                source.name,
                form.settings(),
                kind=parts().registries.kinds()[source.kind],
                policy=parts().policy,
                actor=person().actor,
                now=datetime.now(UTC),
                seen=form.seen.data or "",
            )
    except SourceRefused as error:
        form.refuse(error)
        return _change_form(source, form), 422
    if changed.fields and not source.paused:
        parts().wake.sync(source_id)
    flash(changed.words(), "success" if changed.fields else "info")
    return redirect(url_for("sources.one", source_id=source_id))


@blueprint.post("/<int:source_id>/paused")
@requires(Permission.MANAGE_SOURCES)
def pause(source_id: int) -> Response:
    """Stop reading a source, or go on: whatever the button says."""
    source, paused = _found(source_id), request.form.get("paused") == "y"
    with parts().database.write() as rows:
        sources.set_paused(
            rows, source.name, paused=paused, actor=person().actor, now=datetime.now(UTC)
        )
    if paused:
        flash("The source is paused. The entries that are known stay in force.", "info")
    else:
        parts().wake.sync(source_id)
        flash("The source is read again.", "info")
    return redirect(url_for("sources.one", source_id=source_id))


@blueprint.post("/<int:source_id>/test")
@limiter.limit("10 per minute")
@requires(Permission.MANAGE_SOURCES)
def test(source_id: int) -> Response:
    """Ask the registry who we are to it."""
    source = _found(source_id)
    try:
        member = parts().registries.whoami(source_id)
        answer, look = f"{source.name} answers: we are member {member.id}, {member.name}", "success"
    except NoAnswer as error:
        answer, look = f"{source.name} does not let us in: {error}", "warning"
    with parts().database.write() as rows:
        sources.note_test(rows, source.name, answer, actor=person().actor, now=datetime.now(UTC))
    flash(answer, look)
    return redirect(url_for("sources.one", source_id=source_id))


@blueprint.post("/<int:source_id>/sync")
@requires(Permission.SYNC_SOURCES)
def sync(source_id: int) -> Response:
    """Have a source read now."""
    if _found(source_id).paused:
        flash("The source is paused, so it is not read.", "warning")
    else:
        parts().wake.sync(source_id)
        flash("The source is being read. New entries appear here within seconds.", "info")
    return redirect(url_for("sources.one", source_id=source_id))


def _found(source_id: int) -> SourceFacts:
    with parts().database.read() as rows:
        source = source_list.one(rows, source_id)
    if source is None:
        abort(404)
    return source


def _empty_form() -> NewSourceForm:
    form = NewSourceForm()
    form.kind.choices = list(parts().registries.kinds())
    return form


def _new_form(form: NewSourceForm) -> str:
    return render_template("sources/new.html", form=form, policy=parts().policy)


def _change_form(source: SourceFacts, form: SettingsForm) -> str:
    return render_template("sources/change.html", source=source, form=form, policy=parts().policy)
