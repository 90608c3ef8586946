"""Who may come in: every route declares what it needs, and what declares nothing is denied."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, redirect, request, session, url_for
from flask_htmx import HTMX
from flask_login import LoginManager, UserMixin, current_user
from werkzeug.wrappers import Response as BaseResponse

from console.parts import parts
from moderation import people
from moderation.people import Identity
from moderation.permissions import Permission

View = TypeVar("View", bound=Callable[..., Any])

OPEN_ENDPOINTS = frozenset({"static"})
"""The only routes that are not ours to decorate. A test holds this list."""

htmx = HTMX()
login_manager = LoginManager()


@dataclass(frozen=True, slots=True)
class Access:
    """What a route of people asks for: nothing, to be signed in, or a permission.

    Those of programs are in console.api.routes and ask for a scope of a key.
    """

    permission: Permission | None = None
    anybody: bool = False
    signed_in: bool = False


class SignedIn(UserMixin):  # type: ignore[misc]
    """The person of this session, as Flask-Login wants it."""

    def __init__(self, who: Identity) -> None:
        self.who = who
        self.id = who.id
        self.name = who.name
        self.role = who.role

    def may(self, permission: str) -> bool:
        """Whether this person may do `permission`; for templates."""
        return self.who.may(Permission(permission))


def requires(permission: Permission) -> Callable[[View], View]:
    """Open a route to people who have `permission`."""
    return _declare(Access(permission=permission))


def open_to_anybody(view: View) -> View:
    """Open a route to everybody: signing in, health, the API's description."""
    return _declare(Access(anybody=True))(view)


def open_to_signed_in(view: View) -> View:
    """Open a route to whoever is signed in, in any role."""
    return _declare(Access(signed_in=True))(view)


def access_of(app: Flask, endpoint: str) -> Access | None:
    """What the route asks for; None where it declares nothing and so is denied."""
    if endpoint in OPEN_ENDPOINTS:
        return Access(anybody=True)
    found: Access | None = getattr(app.view_functions.get(endpoint), "access", None)
    return found


def person() -> Identity:
    """Who acts in this request. Only in routes that require a permission."""
    found: Identity = current_user.who
    return found


def install(app: Flask) -> None:
    """Put the guard in front of every route of `app`."""
    htmx.init_app(app)
    login_manager.init_app(app)
    login_manager.session_protection = None  # an address that changes is a train, not a thief
    app.before_request(_guard)


def begin_session(who: Identity) -> None:
    """Note in the session whose it is and of which epoch; `_load` checks both."""
    session["epoch"] = who.session_epoch


@login_manager.user_loader  # type: ignore[untyped-decorator]
def _load(person_id: str) -> SignedIn | None:
    with parts().database.read() as rows:
        who = people.by_id(rows, int(person_id))
    if who is None or session.get("epoch") != who.session_epoch:
        return None
    return SignedIn(who)


@login_manager.unauthorized_handler  # type: ignore[untyped-decorator]
def _unauthorized() -> BaseResponse:
    """A fragment answers 401 and the page goes to sign in by itself; a page is sent there."""
    if htmx:
        return Response("Your session has ended. Sign in to go on.", 401, mimetype="text/plain")
    place = request.full_path.rstrip("?") if request.method == "GET" else _referring_path()
    return redirect(url_for("access.sign_in", next=place))


def _guard() -> BaseResponse | None:
    if request.endpoint is None:
        return None  # no such route: 404 or 405 follows
    access = access_of(current_app, request.endpoint)
    if access is None:
        current_app.logger.error("route %s declares no access and is denied", request.endpoint)
        abort(403)
    if access.anybody:
        return None
    if not current_user.is_authenticated:
        unauthorized: BaseResponse = login_manager.unauthorized()
        return unauthorized
    if access.permission is not None and not person().may(access.permission):
        abort(403)
    return None


def _referring_path() -> str:
    split = urlsplit(request.referrer or "")
    place = split._replace(scheme="", netloc="", fragment="").geturl()
    return place if split.netloc == request.host else ""


def _declare(access: Access) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.access = access  # type: ignore[attr-defined]
        return view

    return mark
