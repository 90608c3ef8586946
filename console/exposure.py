"""One's own figures of today, pauses, and the limits that leads set for a day."""

from datetime import UTC, datetime

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import IntegerField
from wtforms.validators import Optional

from console.access import person, requires
from console.parts import parts
from moderation import exposure
from moderation.exposure import LimitRefused, Own
from moderation.permissions import Permission

blueprint = Blueprint("exposure", __name__)


class LimitsForm(FlaskForm):  # type: ignore[misc]
    """How much somebody shall decide in a day; empty for no limit."""

    hits = IntegerField(validators=[Optional()])
    minutes = IntegerField(validators=[Optional()])


def own_exposure(rows: Session) -> Own | None:
    """The figures of whoever asks; None for who decides nothing."""
    if not person().may(Permission.DECIDE):
        return None
    return exposure.own(rows, person(), parts().policy, datetime.now(UTC))


@blueprint.post("/me/pause")
@requires(Permission.CLAIM)
def pause() -> Response:
    """Begin a pause. Hits that are held go back when their claim ends, as always."""
    with parts().database.write() as rows:
        exposure.pause(rows, person(), datetime.now(UTC))
    return redirect(url_for("queue.show"))


@blueprint.post("/me/back")
@requires(Permission.CLAIM)
def back() -> Response:
    """End the pause."""
    with parts().database.write() as rows:
        exposure.back(rows, person(), datetime.now(UTC))
    return redirect(url_for("queue.show"))


@blueprint.get("/team")
@requires(Permission.SET_LIMITS)
def team() -> str:
    """The limits of everybody who decides, and totals over all people."""
    now = datetime.now(UTC)
    with parts().database.read() as rows:
        return render_template(
            "people/team.html",
            limits=exposure.limits(rows),
            totals=exposure.totals(rows, parts().policy, now),
            enough=exposure.TELLS_OF_NOBODY,
            day_start=exposure.day_start(now, parts().policy.exposure),
        )


@blueprint.post("/team/<login>/limits")
@requires(Permission.SET_LIMITS)
def set_limits(login: str) -> Response:
    """Set or lift somebody's limits for a day."""
    form = LimitsForm()
    if not form.validate_on_submit():
        flash("A limit is a whole number, or nothing for none. Nothing was changed.", "warning")
        return redirect(url_for("exposure.team"))
    try:
        with parts().database.write() as rows:
            exposure.set_limits(
                rows,
                login,
                hits=form.hits.data,
                minutes=form.minutes.data,
                actor=person().actor,
                now=datetime.now(UTC),
            )
    except LimitRefused as error:
        flash(str(error), "warning")
    else:
        flash(f"The limits of {login} are set. They hold from the next claim on.", "success")
    return redirect(url_for("exposure.team"))
