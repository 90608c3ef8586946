"""A page that shows every component, for tests and for looking at: never part of the console.

python -m tests.pages.gallery   # then open http://127.0.0.1:8009/
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flask import Flask, abort, flash, render_template, request, session
from flask_htmx import HTMX
from flask_wtf import CSRFProtect, FlaskForm
from wtforms import PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from console import presentation
from console.grid import difference_grid

ROOT = Path(__file__).parents[2]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)


class Example(FlaskForm):  # type: ignore[misc]
    """A form with a field of each kind."""

    login = StringField("Login", validators=[InputRequired("Write your login.")])
    password = PasswordField("Password", validators=[InputRequired("Write your password.")])
    role = SelectField("Role", choices=[SelectChoice("moderator"), SelectChoice("lead")])
    note = StringField("Note", validators=[Length(max=200)])


def create_gallery() -> Flask:
    """The gallery's app, with the console's templates, files and content security policy."""
    app = Flask(__name__, static_folder=str(ROOT / "static"), template_folder="templates")
    app.jinja_loader.searchpath.append(str(ROOT / "templates"))  # type: ignore[union-attr]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.config.update(SECRET_KEY="a key for the gallery only", WTF_CSRF_TIME_LIMIT=None)
    CSRFProtect(app)
    HTMX(app)
    presentation.install(app)
    app.context_processor(_frame)
    app.add_url_rule("/", "gallery", _gallery, methods=["GET", "POST"])
    app.add_url_rule("/part", "part", _part, methods=["GET", "POST"])
    app.add_url_rule("/fails/<int:code>", "fails", abort)
    app.add_url_rule("/me", "me.show", lambda: "settings")
    app.add_url_rule("/me/keys", "me.set_keys", _keep_keys, methods=["POST"])
    app.add_url_rule("/sign-in", "access.sign_in", lambda: "sign in")
    app.add_url_rule("/sign-out", "access.sign_out", lambda: "signed out", methods=["POST"])

    @app.after_request
    def policy(response):  # type: ignore[no-untyped-def]
        response.headers["Content-Security-Policy"] = POLICY
        return response

    @app.errorhandler(403)
    @app.errorhandler(500)
    def failed(error):  # type: ignore[no-untyped-def]
        return render_template("gallery_failed.html"), error.code

    return app


def _frame() -> dict[str, object]:
    places = [("Queue", "/", "1"), ("Deliveries", "/part", "2"), ("Sources", "/part", None)]
    return {
        "navigation": [
            SimpleNamespace(label=label, href=href, active=label == "Queue", key=key)
            for label, href, key in places
        ],
        "current_user": SimpleNamespace(is_authenticated=True, name="Ada", role="lead"),
        "own_keys": _own_keys,
    }


def _own_keys() -> dict[str, object]:
    """What this visitor kept; here a cookie remembers it."""
    return session.get("keys", {"off": False, "map": {}})  # type: ignore[no-any-return]


def _keep_keys() -> tuple[str, int]:
    """As console.me does, where Z is a key that another page needs."""
    kept: dict[str, Any] = json.loads(json.dumps(_own_keys()))
    for name, value in request.form.items():
        if value == "z":
            return "Z cannot be both.", 422
        if name == "reset":
            kept = {"off": False, "map": {}}
        elif name == "off":
            kept["off"] = value == "1"
        elif name.startswith("key."):
            kept["map"][name.removeprefix("key.")] = value
    session["keys"] = kept
    return "", 204


def _gallery() -> str:
    form = Example()
    form.validate_on_submit()
    flash("Hit 12 was removed. The platform has been told.", "success")
    flash("Another page changed this list meanwhile.", "warning")
    now = datetime.now(UTC)
    return render_template(
        "gallery.html",
        form=form,
        near=difference_grid(bytes(range(32))),
        exact=difference_grid(bytes(32)),
        soon=now + timedelta(hours=2),
        past=now - timedelta(days=3),
        ending=now + timedelta(seconds=62),
        page=SimpleNamespace(next_href="/?after=2", previous_href="/?before=1"),
    )


def _part() -> str:
    return render_template("gallery_part.html")


if __name__ == "__main__":
    create_gallery().run(port=8009)
