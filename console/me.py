"""One's own settings: keys, views of the queue, and what a lead set for the day."""

from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from console import shortcuts
from console.access import htmx, open_to_signed_in, person
from console.exposure import own_exposure
from console.parts import parts
from console.shortcuts import KeysRefused
from moderation import preferences, saved_views
from moderation.preferences import Keys

blueprint = Blueprint("me", __name__, url_prefix="/me")

Answer = Response | tuple[str, int]
FIELD = "key."


@blueprint.get("")
@open_to_signed_in
def show() -> Answer:
    """The settings of whoever asks."""
    return _page({}, None), 200


@blueprint.post("/keys")
@open_to_signed_in
def set_keys() -> Answer:
    """Change keys: `key.<action>` each, `off` for all of them, `reset` for the first ones.

    Asked by a script it answers with words alone: 204 when it is done, 422 with why it is not.
    """
    wanted = {
        name.removeprefix(FIELD): value[:10]
        for name, value in request.form.items()
        if name.startswith(FIELD)
    }
    try:
        with parts().database.write() as rows:
            held = preferences.keys(rows, person())
            preferences.set_keys(rows, person(), _chosen(held, wanted))
    except KeysRefused as refused:
        if htmx:
            return str(refused), 422
        return _page(wanted, str(refused)), 422
    if htmx:
        return make_response("", 204)
    flash("Your keys are kept. They hold wherever you sign in.", "success")
    return redirect(url_for("me.show"))


@blueprint.app_context_processor
def _own_keys() -> dict[str, Any]:
    return {"own_keys": _keys}


def _keys() -> dict[str, Any] | None:
    """The keys of whoever is signed in, as static/preferences.js reads them."""
    if not current_user or not current_user.is_authenticated:
        return None
    with parts().database.read() as rows:
        keys = preferences.keys(rows, person())
    return {"off": keys.off, "map": dict(keys.map)}


def _chosen(held: Keys, wanted: dict[str, str]) -> Keys:
    if "reset" in request.form:
        return Keys()
    off = request.form.get("off")
    return Keys(held.off if off is None else off == "1", shortcuts.changed(held.map, wanted))


def _page(wanted: dict[str, str], problem: str | None) -> str:
    with parts().database.read() as rows:
        keys = preferences.keys(rows, person())
        shown = {one.name: one.key for one in shortcuts.ACTIONS} | dict(keys.map) | wanted
        return render_template(
            "people/me.html",
            actions=shortcuts.ACTIONS,
            keys=shown,
            off=keys.off,
            problem=problem,
            views=saved_views.views(rows, person()),
            exposure=own_exposure(rows),
        )
