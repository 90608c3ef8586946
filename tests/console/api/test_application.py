"""The API as an application: what opens to whom, how it fails, what every answer carries."""

import json
import logging
from dataclasses import replace

import pytest
from werkzeug.test import TestResponse

from console.api.application import PREFIX, Api
from console.api.routes import Route
from console.application import API
from console.parts import Parts
from moderation.keys import Scope
from tests.console.api.platform import Platform, item
from tests.console.conftest import Console, only

SECRET = "5f0c" * 16
HEADERS = {
    "Content-Type": "application/json",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

pytestmark = only("sqlite")


def _api(console: Console) -> Api:
    found: Api = console.app.extensions[API]
    return found


def _plant(console: Console, route: Route) -> None:
    _api(console)._paths[route.path][route.method] = route


def _broken(_parts: Parts, _body: bytes) -> bytes:
    raise RuntimeError(f"planted {SECRET}")


def test_nothing_but_the_description_is_open_to_everybody(console: Console) -> None:
    assert [one.path for one in _api(console).routes if one.scope is None] == ["/openapi.json"]


def test_a_new_route_is_shut_to_whoever_has_no_key_for_it(console: Console) -> None:
    _plant(console, Route("POST", "/new", Scope.READ_CONTENT, _broken))
    client = console.visitor().client
    assert client.post(f"{PREFIX}/new", json={}).status_code == 401
    other = console.key(Scope.WRITE_CONTENT)
    assert client.post(f"{PREFIX}/new", json={}, headers=other).status_code == 403


def test_a_fault_of_ours_is_logged_and_says_nothing_of_itself(
    console: Console, platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    _plant(console, Route("POST", "/broken", Scope.READ_CONTENT, _broken))
    answer = platform.post("/broken", {})
    assert answer.status_code == 500
    assert answer.json == {"error": {"code": 500, "message": "Something went wrong here"}}
    assert any(record.exc_info for record in caplog.records if record.levelno >= logging.ERROR)


def _answers(console: Console, platform: Platform) -> dict[int, TestResponse]:
    """One answer of each kind."""
    _plant(console, Route("POST", "/broken", Scope.READ_CONTENT, _broken))
    client = platform.client
    path = f"{PREFIX}/content"
    answers = {
        200: platform.post("/content", {"items": [item()]}),
        400: platform.post("/content", []),
        401: client.post(path, json={}),
        403: client.post(path, json={}, headers=console.key(Scope.READ_CONTENT)),
        404: platform.post("/nowhere", {}),
        405: client.get(path, headers=platform.headers),
        415: client.post(path, data="x", headers=platform.headers),
        500: platform.post("/broken", {}),
    }
    made = _api(console).parts
    limits = made.policy.limits.model_copy(update={"api": "1/day"})
    policy = made.policy.model_copy(update={"limits": limits})
    _api(console).parts = replace(made, policy=policy)
    platform.headers = console.key()
    platform.post("/content", {"items": [item()]})
    answers[429] = platform.post("/content", {"items": [item()]})
    return answers


def test_every_answer_is_json_and_carries_the_headers(console: Console, platform: Platform) -> None:
    for code, answer in _answers(console, platform).items():
        assert answer.status_code == code
        for name, value in HEADERS.items():
            assert answer.headers.get_all(name) == [value], f"{code}: {name}"
        assert "Set-Cookie" not in answer.headers
        assert answer.content_length == len(answer.data)
        said = json.loads(answer.text)
        if code != 200:
            assert said["error"]["code"] == code
            assert SECRET not in answer.text


def test_a_refusal_says_what_to_do_next(console: Console, platform: Platform) -> None:
    answers = _answers(console, platform)
    assert answers[401].headers["WWW-Authenticate"] == "Bearer"
    assert answers[405].headers["Allow"] == "POST"
    assert int(answers[429].headers["Retry-After"]) > 1_000


def test_behind_tls_it_says_so(console: Console) -> None:
    name = "Strict-Transport-Security"
    assert name not in dict(Api(_api(console).parts, secure=False)._headers)
    assert name in dict(Api(_api(console).parts, secure=True)._headers)


def test_only_what_is_under_the_prefix_is_for_programs(console: Console) -> None:
    client = console.visitor().client
    assert client.get(PREFIX).mimetype == "application/json"
    assert client.get(f"{PREFIX}x/openapi.json").mimetype == "text/html"
