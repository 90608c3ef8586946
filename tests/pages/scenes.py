"""The console's pages with made-up contents: the real templates and read models, no database.

python -m tests.pages.scenes   # then open http://127.0.0.1:8009/scene/queue
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Request, render_template, url_for
from flask_htmx import HTMX
from flask_login import LoginManager, current_user
from flask_wtf import CSRFProtect
from werkzeug.datastructures import MultiDict

from console import navigation
from console.access import SignedIn
from console.application import BLUEPRINTS, ROOT
from console.lists import Listing
from console.presentation import install
from console.security import CONTENT_POLICY
from console.sign_in import SignInForm
from moderation.people import Identity
from moderation.permissions import Role
from store.person import ApiKey, Person
from tests.pages.delivery_scenes import SCENES as DELIVERY_SCENES
from tests.pages.group_scenes import SCENES as GROUP_SCENES
from tests.pages.hit_scenes import LINE
from tests.pages.hit_scenes import SCENES as HIT_SCENES
from tests.pages.source_scenes import SCENES as SOURCE_SCENES
from tests.pages.triage_scenes import SCENES as TRIAGE_SCENES

NOW = datetime.now(UTC)
LEAD = SignedIn(Identity(1, "ada", "Ada Almeida", Role.LEAD, 1))  # a lead sees the most
MODERATOR = SignedIn(Identity(2, "mona", "Mona Meyer", Role.MODERATOR, 1))
SEEN_BY_MODERATOR = ("hit-work",)


def _listing(*rows: Any) -> Listing[Any]:
    return Listing(rows, 25, "/queue?cursor=1", "/queue")


def _sign_in(message: str | None = None) -> dict[str, Any]:
    return {"form": SignInForm(MultiDict({"next": "/queue"})), "message": message}


def _sign_in_mistakes() -> dict[str, Any]:
    form = SignInForm(MultiDict())
    form.validate()
    return {"form": form, "message": None}


SCENES: Mapping[str, tuple[str, Callable[[], dict[str, Any]]]] = {
    "sign-in": ("access/sign_in.html", _sign_in),
    "sign-in-refused": ("access/sign_in.html", lambda: _sign_in("Login or password is wrong.")),
    "sign-in-mistakes": ("access/sign_in.html", _sign_in_mistakes),
    **TRIAGE_SCENES,
    **HIT_SCENES,
    **GROUP_SCENES,
    "audit": (
        "audit/audit.html",
        lambda: {
            "page": _listing(LINE, replace(LINE, id=30, details={})), "subject": "H-12",
            "action": "", "actions": ["hit.decided"], "may_export": True,
        },
    ),
    "audit-empty": (
        "audit/audit.html",
        lambda: {
            "page": _listing(), "subject": "x", "action": "", "actions": [], "may_export": False,
        },
    ),
    **SOURCE_SCENES,
    **DELIVERY_SCENES,
    "people": (
        "people/people.html",
        lambda: {
            "people": [Person(login="ada", name="Ada", role="lead", active=True, signed_in_at=NOW)],
            "keys": [ApiKey(name="uploads", scopes=["content:write"], created_at=NOW)],
        },
    ),
    "error-404": (
        "errors/error.html",
        lambda: {"code": 404, "title": "There is nothing here", "text": "Look in the queue."},
    ),
    "error-500": (
        "errors/error.html",
        lambda: {"code": 500, "title": "Something went wrong", "text": "It has been logged."},
    ),
}  # fmt: skip


def create_scenes() -> Flask:
    """An app that shows the scenes under /scene/<name>, /part/hit for the fragments."""
    app = Flask("scenes", root_path=str(ROOT))
    app.config.update(SECRET_KEY="a key for the scenes only", WTF_CSRF_TIME_LIMIT=None)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    CSRFProtect(app)
    HTMX(app)
    LoginManager(app).request_loader(_viewer)
    install(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    # The console's own asks the database what was given up.
    app.template_context_processors[None].remove(navigation._navigation)
    app.context_processor(_places)
    app.add_url_rule("/scene/<name>", "scene", _scene)
    app.add_url_rule("/part/<path:template>/<name>", "part", _part)

    @app.after_request
    def policy(response):  # type: ignore[no-untyped-def]
        response.headers["Content-Security-Policy"] = CONTENT_POLICY
        return response

    return app


def _scene(name: str) -> str:
    template, context = SCENES[name]
    return render_template(template, own_keys=_own_keys, **context())


def _part(template: str, name: str) -> str:
    return render_template(f"{template}.html", **SCENES[name][1]())


def _viewer(request: Request) -> SignedIn:
    name = (request.view_args or {}).get("name")
    return MODERATOR if name in SEEN_BY_MODERATOR else LEAD


def _places() -> dict[str, Any]:
    who = current_user.who
    return {
        "navigation": [
            navigation.Place(label, url_for(target), label == "Queue", _alarm(target))
            for label, target, permission in navigation.PLACES
            if who.may(permission)
        ]
    }


def _alarm(target: str) -> str | None:
    return "1 given up" if target == "deliveries.show" else None


def _own_keys() -> dict[str, Any]:
    """The keys of somebody who changed nothing."""
    return {"off": False, "map": {}}


if __name__ == "__main__":
    create_scenes().run(port=8009)
