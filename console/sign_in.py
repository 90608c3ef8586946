"""Signing in and out."""

from datetime import UTC, datetime

from flask import (
    Blueprint,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_login import current_user, login_user, logout_user
from flask_wtf import FlaskForm
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.wrappers import Response
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from console import sessions
from console.access import SignedIn, begin_session, open_to_anybody, open_to_signed_in, person
from console.limits import limiter
from console.parts import parts
from moderation import audit, people

blueprint = Blueprint("access", __name__)

MISTAKE = "Login or password is wrong. Both are case-sensitive."


class SignInForm(FlaskForm):  # type: ignore[misc]
    """Login and password, and the place to go back to."""

    login = StringField("Login", [InputRequired("Enter your login."), Length(max=80)])
    password = PasswordField("Password", [InputRequired("Enter your password."), Length(max=256)])
    next = HiddenField()


@blueprint.get("/sign-in")
@open_to_anybody
def sign_in() -> Response | str:
    """The form."""
    if current_user.is_authenticated:
        return redirect(_place(request.args.get("next", "")))
    form = SignInForm(next=request.args.get("next", ""))
    return render_template("access/sign_in.html", form=form)


@blueprint.post("/sign-in")
@open_to_anybody
@limiter.limit("10 per minute; 60 per hour", key_func=lambda: f"login:{_login()}")
@limiter.limit("30 per minute")
def enter() -> Response | tuple[str, int]:
    """Check login and password and begin a new session."""
    form = SignInForm()
    if not form.validate_on_submit():
        return render_template("access/sign_in.html", form=form, message=None), 422
    now = datetime.now(UTC)
    with parts().database.write() as rows:
        who = people.authenticate(rows, login=_login(), password=form.password.data or "", now=now)
        audit.append(
            rows,
            at=now,
            actor=who.actor if who else "anybody",
            action="person.signed-in" if who else "person.sign-in-failed",
            subject=f"person:{_login()[:80]}",
        )
    if who is None:
        return render_template("access/sign_in.html", form=form, message=MISTAKE), 422
    sessions.renew()
    session.permanent = True
    login_user(SignedIn(who))
    begin_session(who)
    return redirect(_place(form.next.data or ""))


@blueprint.post("/sign-out")
@open_to_signed_in
def sign_out() -> Response:
    """End this session; its cookie is worth nothing afterwards."""
    with parts().database.write() as rows:
        audit.append(
            rows,
            at=datetime.now(UTC),
            actor=person().actor,
            action="person.signed-out",
            subject=person().actor,
        )
    logout_user()
    sessions.renew()
    flash("You are signed out.", "info")
    return redirect(url_for("access.sign_in"))


def _login() -> str:
    return request.form.get("login", "").strip().lower()


def _place(wanted: str) -> str:
    """Where to go after signing in: a path of this console, or its first page.

    Browsers take a backslash for a slash and drop line ends and tabs before they read an address
    (https://url.spec.whatwg.org/#url-parsing), so that what holds one of them is not looked at.
    """
    odd = any(character < " " or character == "\\" for character in wanted)
    if wanted.startswith("/") and not wanted.startswith("//") and not odd:
        return _shown(wanted)
    return url_for("navigation.home")


def _shown(wanted: str) -> str:
    """The page at `wanted`, or the one above it: a refusal stands where a form was sent to, and
    nothing can be read there."""
    path, mark, query = wanted.partition("?")
    rules = current_app.url_map.bind("")
    while path:
        try:
            rules.match(path, method="GET")
        except MethodNotAllowed:
            path = path.rpartition("/")[0]
        except HTTPException:
            break  # there is nothing, and that is what it says
        else:
            break
    return (path or "/") + mark + query
