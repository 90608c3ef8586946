"""Who may come in where: every route against every role, exactly; and what is never decorated."""

from collections.abc import Mapping
from typing import Any

import pytest
from flask import Flask
from flask_wtf import CSRFProtect

from console.access import OPEN_ENDPOINTS, access_of, open_to_signed_in
from moderation.keys import Scope
from tests.console.conftest import Console, only
from tests.console.matrix import answers, pages, routes

PEOPLE = ("mona", "amir", "lena", "ada")
ROLE = {"mona": "moderator", "amir": "auditor", "lena": "lead", "ada": "admin"}

# Written by hand, once: who comes in at each door. Everybody else is sent to sign in or refused.
OPEN = "everybody"
SIGNED_IN = "moderator auditor lead admin"
MATRIX = {
    "GET /": SIGNED_IN,
    "GET /sign-in": OPEN,
    "POST /sign-in": OPEN,
    "POST /sign-out": SIGNED_IN,
    "GET /healthz": OPEN,
    "GET /readyz": OPEN,
    "GET /static/<path:filename>": OPEN,
    "GET /queue": "moderator auditor lead",
    "POST /queue/next": "moderator lead",
    "GET /queue/presence": "moderator auditor lead",
    "POST /queue/views": "moderator auditor lead",
    "POST /queue/views/<int:view_id>/rename": "moderator auditor lead",
    "POST /queue/views/<int:view_id>/delete": "moderator auditor lead",
    "POST /queue/views/<int:view_id>/start": "moderator auditor lead",
    "GET /search": "moderator lead",
    "POST /search": "moderator lead",
    "GET /me": SIGNED_IN,
    "POST /me/keys": SIGNED_IN,
    "POST /me/pause": "moderator lead",
    "POST /me/back": "moderator lead",
    "GET /team": "lead",
    "POST /team/<login>/limits": "lead",
    "GET /hits/<int:hit_id>/presence": "moderator auditor lead",
    "GET /hits/<int:hit_id>": "moderator auditor lead",
    "POST /hits/<int:hit_id>/claim": "moderator lead",
    "POST /hits/<int:hit_id>/release": "moderator lead",
    "POST /hits/<int:hit_id>/hand-over": "moderator lead",
    "POST /hits/<int:hit_id>/skip": "moderator lead",
    "POST /hits/<int:hit_id>/hand-up": "moderator lead",
    "POST /hits/<int:hit_id>/pause": "lead",
    "POST /hits/<int:hit_id>/resume": "lead",
    "POST /hits/<int:hit_id>/decide": "moderator lead",
    "POST /hits/<int:hit_id>/reverse": "moderator lead",
    "POST /hits/<int:hit_id>/undo": "moderator lead",
    "POST /hits/<int:hit_id>/agree": "moderator lead",
    "GET /hits/<int:hit_id>/group/<because>": "moderator lead",
    "POST /hits/<int:hit_id>/group/<because>": "moderator lead",
    "POST /groups/<int:group_id>/undo": "moderator lead",
    "GET /figures": "auditor lead admin",
    "GET /audit": "auditor lead admin",
    "GET /audit/export.jsonl": "auditor",
    "GET /deliveries": "auditor lead admin",
    "GET /deliveries/<int:delivery_id>": "auditor lead admin",
    "POST /deliveries/<int:delivery_id>/retry": "lead admin",
    "GET /entries": "auditor lead admin",
    "POST /entries/<int:entry_id>/trust": "lead",
    "GET /sources": "auditor lead admin",
    "GET /sources/<int:source_id>": "auditor lead admin",
    "GET /sources/new": "lead admin",
    "POST /sources/new": "lead admin",
    "GET /sources/<int:source_id>/change": "lead admin",
    "POST /sources/<int:source_id>/change": "lead admin",
    "POST /sources/<int:source_id>/paused": "lead admin",
    "POST /sources/<int:source_id>/test": "lead admin",
    "POST /sources/<int:source_id>/sync": "lead admin",
    "GET /people": "admin",
    "POST /people/<login>/end-sessions": "admin",
    "GET /api/v1/openapi.json": OPEN,
    "POST /api/v1/content": "content:write",
    "POST /api/v1/check": "content:write",
    "POST /api/v1/content/state": "content:read",
}
KEYS = ("content:write", "content:read")

pytestmark = only("sqlite")


def _expected(who: str) -> dict[str, str]:
    """The column of the matrix for one role, key or nobody."""
    return {route: _word(route, guests, who) for route, guests in MATRIX.items()}


def _word(route: str, guests: str, who: str) -> str:
    if guests == OPEN or who in guests.split():
        return "in"
    if "/api/" in route:
        return "403" if who in KEYS else "401"
    return "403" if who in SIGNED_IN.split() else "sign-in"


def _found(console: Console, who: str) -> dict[str, str]:
    """The same column as the application gives it."""
    headers: Mapping[str, str] = {}
    if who in ROLE.values():
        login = next(login for login, role in ROLE.items() if role == who)
        visitor = console.signed_in(login)
    else:
        visitor = console.visitor()
        visitor.get("/sign-in")
        headers = console.key(Scope(who)) if who in KEYS else {}
    return dict(answers(console.app, visitor, headers, visitor.token()))


EVERYBODY = ("nobody", *ROLE.values(), *KEYS)


@pytest.mark.parametrize("who", EVERYBODY)
def test_every_route_opens_to_whom_it_should_and_to_nobody_else(console: Console, who: str) -> None:
    assert _found(console, who) == _expected(who)


@pytest.fixture
def planted(console: Console) -> Console:
    """A console with a route whose author forgot to say who may come in."""

    @console.app.get("/forgotten")
    def forgotten() -> str:
        return "secret"

    return console


def test_a_route_that_declares_nothing_is_shut_to_everybody(planted: Console) -> None:
    for who in ("nobody", "admin", "content:write"):
        found = _found(planted, who)
        assert found.pop("GET /forgotten") == "403", who
        assert found == _expected(who)


def test_the_matrix_would_notice_a_new_route(planted: Console) -> None:
    assert _found(planted, "nobody") != _expected("nobody")


def test_the_matrix_would_notice_a_door_that_opens_too_wide(console: Console) -> None:
    view: Any = console.app.view_functions["people.show"]
    console.app.view_functions["people.show"] = open_to_signed_in(lambda: view())
    assert _found(console, "moderator") != _expected("moderator")


def test_only_static_files_need_not_say_who_may_come_in(console: Console) -> None:
    assert frozenset({"static"}) == OPEN_ENDPOINTS
    for route in pages(console.app):
        assert access_of(console.app, route.endpoint) is not None, route


def test_an_unknown_or_malformed_key_is_no_key(console: Console) -> None:
    post = console.visitor().client.post
    for header in ("Bearer tdc_" + "x" * 43, "Basic abc", "Bearer", "tdc_", "Bearer " + "y" * 9000):
        answer = post("/api/v1/content", json={}, headers={"Authorization": header})
        assert answer.status_code == 401, header
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def _without_token(app: Flask, console: Console, login: str) -> dict[str, int]:
    """What each changing route of people answers to somebody who may, without a token."""
    visitor = console.signed_in(login)
    return {
        str(route): visitor.client.open(route.path, method=route.method).status_code
        for route in routes(app)
        if route.method != "GET"
        and not route.path.startswith("/api/")
        and ROLE[login] in MATRIX[str(route)].replace(OPEN, SIGNED_IN)
    }


@pytest.mark.parametrize("login", PEOPLE)
def test_no_change_without_the_token(console: Console, login: str) -> None:
    found = _without_token(console.app, console, login)
    assert found
    assert set(found.values()) == {400}


def test_the_rule_would_notice_a_route_without_protection(console: Console) -> None:
    csrf: CSRFProtect = console.app.extensions["csrf"]
    csrf.exempt(console.app.view_functions["hits.claim"])
    found = _without_token(console.app, console, "mona")
    assert found["POST /hits/<int:hit_id>/claim"] != 400


def test_a_token_of_another_session_is_none(console: Console) -> None:
    stranger = console.visitor()
    stranger.get("/sign-in")
    mona = console.signed_in("mona")
    answer = mona.post("/queue/next", {"csrf_token": stranger.token()})
    assert answer.status_code == 400
    assert "Load the page again" in mona.problem


def test_the_api_takes_no_session_for_a_key(console: Console) -> None:
    mona = console.signed_in("mona")
    answer = mona.client.post("/api/v1/content", json={}, headers={"X-CSRFToken": mona.token()})
    assert answer.status_code == 401
