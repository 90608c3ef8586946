"""People and keys: who can come in, and ending it."""

from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from console.access import person, requires
from console.parts import parts
from moderation import keys, people
from moderation.people import PersonError
from moderation.permissions import Permission

blueprint = Blueprint("people", __name__, url_prefix="/people")


@blueprint.get("")
@requires(Permission.MANAGE_PEOPLE)
def show() -> str:
    """Everybody, and every key. Neither passwords nor keys can be shown: only hashes are kept."""
    with parts().database.read() as rows:
        return render_template(
            "people/people.html", people=people.everyone(rows), keys=keys.everything(rows)
        )


@blueprint.post("/<login>/end-sessions")
@requires(Permission.MANAGE_PEOPLE)
def end_sessions(login: str) -> Response:
    """Sign somebody out everywhere."""
    try:
        with parts().database.write() as rows:
            people.end_sessions(rows, login=login, actor=person().actor, now=datetime.now(UTC))
    except PersonError as error:
        flash(str(error), "warning")
    else:
        flash(f"All sessions of {login} have ended.", "info")
    return redirect(url_for("people.show"))
