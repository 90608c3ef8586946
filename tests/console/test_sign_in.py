"""Coming in and going out: what a stranger learns, what a cookie is worth, and when it ends."""

import json
import pickle
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec
import pytest
from flask import Flask, request
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from werkzeug.http import parse_cookie
from werkzeug.test import TestResponse

from config.settings import Settings
from moderation import audit, people
from moderation.audit import Line
from tests.console.conftest import Console, MakeApp, only
from tests.console.visitor import Visitor
from tests.world import PASSWORD, World

MISTAKE = "Login or password is wrong"


def _try(visitor: Visitor, login: str, password: str) -> TestResponse:
    visitor.get("/sign-in")
    return visitor.press("Sign in", login=login, password=password)


def _log(world: World, action: str) -> list[Line]:
    with world.database.read() as session:
        return list(audit.lines(session, action=action))


def _in(visitor: Visitor) -> bool:
    return visitor.client.get("/queue").status_code == 200


def test_a_person_comes_in_to_where_their_work_is(console: Console) -> None:
    mona = console.signed_in("mona")
    assert mona.path == "/queue"
    assert "Mona moderator" in mona.text
    assert _log(console.world, "person.signed-in")[0].actor == "person:mona"


def test_the_login_is_found_in_capitals_and_with_spaces_around(console: Console) -> None:
    _ = console.world.people["mona"]
    assert _try(console.visitor(), " Mona ", PASSWORD).status_code == 302


def test_unknown_and_wrong_are_told_apart_by_nothing(console: Console) -> None:
    _ = console.world.people["mona"]
    wrong, unknown = console.visitor(), console.visitor()
    for visitor, login in ((wrong, "mona"), (unknown, "nobody")):
        answer = _try(visitor, login, "not the password at all")
        assert answer.status_code == 422
        assert MISTAKE in visitor.problem
        assert not _in(visitor)
    assert wrong.text == unknown.text
    lines = _log(console.world, "person.sign-in-failed")
    assert [(line.actor, line.subject) for line in lines] == [
        ("anybody", "person:mona"),
        ("anybody", "person:nobody"),
    ]


def test_a_shut_account_answers_as_an_unknown_one(console: Console) -> None:
    _set_active(console.world, "mona", active=False)
    visitor = console.visitor()
    assert _try(visitor, "mona", PASSWORD).status_code == 422
    assert MISTAKE in visitor.problem


def test_empty_fields_are_named(visitor: Visitor) -> None:
    assert _try(visitor, "", "").status_code == 422
    assert "Enter your login." in visitor.problem
    assert "Enter your password." in visitor.problem


@only("sqlite")
def test_guesses_at_one_login_are_counted_wherever_they_come_from(console: Console) -> None:
    for number in range(10):
        address = f"192.0.2.{number}"
        assert _try(console.visitor(address), "nobody", f"guess {number}").status_code == 422
    late = console.visitor("192.0.2.99")
    answer = _try(late, "nobody", PASSWORD)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "That was too often" in late.problem
    assert _try(console.visitor("192.0.2.98"), "somebody", PASSWORD).status_code == 422


@only("sqlite")
def test_guesses_from_one_address_are_counted_whoever_they_are_at(console: Console) -> None:
    visitor = console.visitor("192.0.2.1")
    visitor.get("/sign-in")
    answers = [
        visitor.press("Sign in", login=f"nobody-{number}", password="x").status_code
        for number in range(30)
    ]
    assert answers == [422] * 30
    assert visitor.press("Sign in", login="somebody", password="x").status_code == 429
    assert _try(console.visitor("192.0.2.2"), "somebody", "x").status_code == 422


def test_the_session_is_another_one_after_signing_in(console: Console) -> None:
    _ = console.world.people["mona"]
    visitor = console.visitor()
    visitor.get("/sign-in")
    before = visitor.cookie()
    visitor.press("Sign in", login="mona", password=PASSWORD)
    assert before
    assert visitor.cookie() != before
    fixed = console.visitor()
    fixed.client.set_cookie("console", before)
    assert not _in(fixed)
    assert not console.redis.exists(f"console:session:{before}")


def test_a_session_id_that_we_did_not_make_is_not_taken(console: Console) -> None:
    visitor = console.visitor()
    visitor.client.set_cookie("console", "chosen-by-somebody-else")
    visitor.get("/sign-in")
    assert visitor.cookie() != "chosen-by-somebody-else"
    assert not console.redis.exists("console:session:chosen-by-somebody-else")


def test_the_cookie_of_a_session_that_was_left_is_worth_nothing(console: Console) -> None:
    mona = console.signed_in("mona")
    kept = mona.cookie()
    assert kept
    left = mona.follow(mona.press("Sign out"))
    assert "You are signed out." in left.text
    assert not console.redis.exists(f"console:session:{kept}")
    replayed = console.visitor()
    replayed.client.set_cookie("console", kept)
    assert not _in(replayed)
    assert _log(console.world, "person.signed-out")[0].actor == "person:mona"


def test_new_epochs_end_every_session_of_that_person_alone(console: Console) -> None:
    here, there = console.signed_in("mona"), console.signed_in("mona")
    milan = console.signed_in("milan")
    with console.world.database.write() as session:
        people.end_sessions(session, login="mona", actor="test", now=console.world.now)
    assert [_in(here), _in(there), _in(milan)] == [False, False, True]


def test_a_new_password_ends_the_sessions_under_the_old_one(console: Console) -> None:
    mona = console.signed_in("mona")
    with console.world.database.write() as session:
        people.set_password(
            session,
            login="mona",
            password="another long password",
            actor="test",
            now=console.world.now,
        )
    assert not _in(mona)
    assert _try(console.visitor(), "mona", PASSWORD).status_code == 422


def test_somebody_who_is_shut_out_is_out_at_once(console: Console) -> None:
    mona = console.signed_in("mona")
    _set_active(console.world, "mona", active=False)
    assert not _in(mona)
    _set_active(console.world, "mona", active=True)
    assert not _in(mona), "an old session must not come back to life"


@only("sqlite")
def test_the_cookie_is_for_this_console_alone(console: Console) -> None:
    visitor = console.visitor()
    header = visitor.get("/sign-in").headers["Set-Cookie"]
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert "Domain" not in header
    assert len(parse_cookie(header)["console"]) >= 43  # 32 random bytes


@only("sqlite")
def test_in_production_the_cookie_and_the_site_are_for_tls_alone(
    settings: Settings, make_app: MakeApp
) -> None:
    app = make_app(settings.model_copy(update={"environment": "production"}))
    answer = app.test_client().get("/sign-in")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]


@only("sqlite")
def test_behind_proxies_the_address_is_the_visitors(settings: Settings, make_app: MakeApp) -> None:
    told = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
    behind = make_app(settings.model_copy(update={"trusted_proxies": 1}))
    assert _address_seen_by(behind, told) == "203.0.113.7"
    assert _address_seen_by(make_app(settings), told) == "127.0.0.1"


def _address_seen_by(app: Flask, headers: dict[str, str]) -> str | None:
    seen: list[str | None] = []
    app.before_request(lambda: seen.append(request.remote_addr))
    app.test_client().get("/healthz", headers=headers)
    return seen[0]


@only("sqlite")
def test_sessions_hold_no_pickles_and_none_is_read(console: Console) -> None:
    mona = console.signed_in("mona")
    names = list(console.redis.scan_iter("console:session:*"))
    assert names
    for name in names:
        assert msgspec.msgpack.decode(_bytes(console, name), type=dict[str, Any])
    planted = f"console:session:{mona.cookie()}"
    console.redis.set(planted, pickle.dumps({"_user_id": "1", "epoch": 1}))
    assert not _in(mona)


def _explode(word: str) -> None:
    _EXPLODED.append(word)


class _Bomb:
    """Says so when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return _explode, ("ran",)


_EXPLODED: list[str] = []


@only("sqlite")
def test_who_can_write_into_redis_cannot_run_code_in_the_console(console: Console) -> None:
    mona = console.signed_in("mona")
    console.redis.set(f"console:session:{mona.cookie()}", pickle.dumps(_Bomb()))
    assert not _in(mona)
    assert _EXPLODED == []


@only("sqlite")
def test_a_session_holds_nothing_but_who_and_when(console: Console) -> None:
    console.signed_in("mona")
    kept = [
        msgspec.msgpack.decode(_bytes(console, name))
        for name in console.redis.scan_iter("console:session:*")
    ]
    names = {name for one in kept for name in one}
    assert names <= {"_permanent", "_user_id", "_fresh", "_id", "epoch", "csrf_token", "_flashes"}
    assert PASSWORD not in json.dumps(kept)


@only("sqlite")
def test_a_session_ends_by_itself(console: Console) -> None:
    mona = console.signed_in("mona")
    left = console.redis.ttl(f"console:session:{mona.cookie()}")
    assert 0 < left <= 12 * 3600
    console.redis.expire(f"console:session:{mona.cookie()}", 100)
    mona.get("/queue", htmx=True)
    mona.get("/queue")
    assert console.redis.ttl(f"console:session:{mona.cookie()}") <= 100, "looking is not working"


def test_after_the_end_of_a_session_one_comes_back_to_the_same_place(console: Console) -> None:
    mona = console.signed_in("mona")
    _end_sessions(console, "mona")
    mona.follow(mona.get("/queue?view=mine&size=50"))
    assert mona.path.startswith("/sign-in?next=")
    answer = mona.press("Sign in", login="mona", password=PASSWORD)
    assert answer.location == "/queue?view=mine&size=50"


def test_a_form_sent_after_the_end_leads_back_to_its_page(console: Console) -> None:
    hit = console.world.hit()
    mona = console.signed_in("mona")
    mona.get(f"/hits/{hit}")
    _end_sessions(console, "mona")
    mona.follow(mona.press("Claim"))
    assert mona.press("Sign in", login="mona", password=PASSWORD).location == f"/hits/{hit}"


def test_a_fragment_asked_for_after_the_end_answers_401(console: Console) -> None:
    mona = console.signed_in("mona")
    _end_sessions(console, "mona")
    answer = mona.get("/queue", htmx=True)
    assert answer.status_code == 401
    assert answer.mimetype == "text/plain"
    assert "session has ended" in answer.text


def test_who_is_in_already_is_not_asked_again(console: Console) -> None:
    mona = console.signed_in("mona")
    assert mona.get("/sign-in?next=/hits/3").location == "/hits/3"


# Where the browser goes from a Location, by the URL standard: tab and newline are dropped, a
# backslash is a slash, and what begins with two slashes is another host.
def _lands_on(location: str) -> str:
    seen = location.translate({9: None, 10: None, 13: None}).strip("\x00 ").replace("\\", "/")
    return urlsplit(urljoin("http://console.test/sign-in", seen)).netloc


# fmt: off
ODD = (
    "/", "//", "\\", "\t", "\n", "\r", "\x00", " ", ".", "..", "@", ":", "evil.test", "http:",
    "https:", "javascript:", "%2f", "%5c", "?", "#", "queue", "hits/1", "console.test", "é",
)
# fmt: on
PIECES = st.lists(st.sampled_from(ODD), max_size=7).map("".join)


@only("sqlite")
@hypothesis_settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@example(wanted="https://evil.test/")
@example(wanted="//evil.test")
@example(wanted="////evil.test")
@example(wanted="/\\evil.test")
@example(wanted="/\t/evil.test")
@example(wanted="/\t\\evil.test")
@example(wanted="\\\\evil.test")
@example(wanted="javascript:alert(1)")
@example(wanted="/queue\r\nSet-Cookie: a=b")
@given(wanted=PIECES | st.text(max_size=40))
def test_nobody_is_led_to_another_host(signed_in_once: Visitor, wanted: str) -> None:
    answer = signed_in_once.client.get("/sign-in", query_string={"next": wanted})
    assert answer.status_code in (302, 400)
    if answer.status_code == 302:
        assert _lands_on(answer.location) == "console.test", (wanted, answer.location)
        assert "a=b" not in answer.headers.get("Set-Cookie", "")


@pytest.fixture
def signed_in_once(console: Console) -> Visitor:
    """Somebody who is in: each ask for /sign-in leads on to where `next` says."""
    console.app.config["RATELIMIT_ENABLED"] = False
    return console.signed_in("mona")


@only("sqlite")
def test_next_is_held_to_the_console_in_the_form_too(console: Console) -> None:
    _ = console.world.people["mona"]
    visitor = console.visitor()
    visitor.get("/sign-in?next=//evil.test")
    answer = visitor.press("Sign in", login="mona", password=PASSWORD)
    assert answer.location == "/"


@pytest.mark.parametrize("login", ["\x00", "mona\x00", "x" * 5000, "é" * 90, "\ud800"])
def test_a_strange_login_is_only_wrong(console: Console, login: str) -> None:
    answer = _try(console.visitor(), login.encode("utf-8", "replace").decode(), "x")
    assert answer.status_code in (400, 422)


def _bytes(console: Console, name: str | bytes) -> bytes:
    found = console.redis.get(name)
    assert isinstance(found, bytes)
    return found


def _end_sessions(console: Console, login: str) -> None:
    with console.world.database.write() as session:
        people.end_sessions(session, login=login, actor="test", now=console.world.now)


def _set_active(world: World, login: str, *, active: bool) -> None:
    _ = world.people[login]
    with world.database.write() as session:
        people.set_active(session, login=login, active=active, actor="test", now=world.now)
