"""The headers of every answer, and the size that a request may have."""

import pytest
from werkzeug.test import TestResponse

from console.access import open_to_anybody
from console.security import HEADERS, PAGE_BYTES
from tests.console.conftest import Console, only
from tests.console.matrix import pages

pytestmark = only("sqlite")

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)


def _holds(answer: TestResponse, what: str) -> None:
    for name, value in HEADERS.items():
        assert answer.headers.get_all(name) == [value], f"{what}: {name}"
    stored = "no-store" in answer.headers.get("Cache-Control", "")
    assert stored is not what.startswith("GET /static"), f"{what}: {answer.headers}"
    assert "Server" not in answer.headers or "Werkzeug" not in answer.headers["Server"]


def test_the_policy_lets_nothing_in_from_elsewhere(console: Console) -> None:
    assert console.visitor().get("/sign-in").headers["Content-Security-Policy"] == POLICY


@pytest.mark.parametrize("login", ["", "mona", "ada"])
def test_every_route_answers_with_the_headers(console: Console, login: str) -> None:
    client = (console.signed_in(login) if login else console.visitor()).client
    for route in pages(console.app):
        _holds(client.open(route.path, method=route.method), str(route))


def test_every_error_answers_with_the_headers(console: Console) -> None:
    @console.app.get("/broken")
    @open_to_anybody
    def broken() -> str:
        raise RuntimeError("planted")

    client = console.signed_in("mona").client
    asked = {
        404: client.get("/nowhere"),
        405: client.delete("/queue"),
        403: client.get("/people"),
        400: client.post("/queue/next"),
        413: client.post("/sign-in", data={"login": "x" * (PAGE_BYTES + 1)}),
        500: client.get("/broken"),
    }
    for code, answer in asked.items():
        assert answer.status_code == code
        _holds(answer, str(code))


def test_a_page_of_people_takes_no_more_than_a_page(console: Console) -> None:
    visitor = console.visitor()
    visitor.get("/sign-in")
    sent = {"login": "mona", "password": "x", "csrf_token": visitor.token()}
    answer = visitor.post("/sign-in", sent | {"next": "x" * PAGE_BYTES})
    assert answer.status_code == 413
    assert "too large" in visitor.problem


@pytest.mark.parametrize(
    "path",
    [
        "/queue?q=%00",
        "/queue?view=%00",
        "/audit?subject=a%00b",
        "/sign-in?next=/%00",
        "/people/mona%00/end-sessions",
    ],
)
def test_a_null_character_is_refused_everywhere(console: Console, path: str) -> None:
    visitor = console.signed_in("lena")
    assert visitor.get(path).status_code == 400
