"""People and keys: who can come in, and ending it."""

import pytest

from moderation import keys
from tests.console.conftest import Console
from tests.console.visitor import Visitor
from tests.world import PASSWORD


@pytest.fixture
def ada(console: Console) -> Visitor:
    """An admin who looks at the people."""
    _ = console.world.people["mona"]
    visitor = console.signed_in("ada")
    visitor.get("/people")
    return visitor


def test_everybody_is_listed_without_secrets(console: Console, ada: Visitor) -> None:
    key = console.key(name="uploads")["Authorization"].removeprefix("Bearer ")
    answer = ada.get("/people")
    assert [row[:3] for row in ada.rows("people")] == [
        ["ada", "Ada", "admin"],
        ["mona", "Mona", "moderator"],
    ]
    row = next(row for row in ada.rows("keys") if row[0] == "uploads")
    assert (row[1], row[3], row[4]) == ("content:write, content:read", "never", "active")
    for secret in (key, PASSWORD, "argon2"):
        assert secret not in answer.text


def test_somebody_is_signed_out_everywhere(console: Console, ada: Visitor) -> None:
    mona = console.signed_in("mona")
    ada.get("/people")
    ada.follow(ada.press("Sign out everywhere: Mona"))
    assert "All sessions of mona have ended." in ada.text
    assert mona.get("/queue").location.startswith("/sign-in?next=")
    ada.get("/audit?action=person.sessions-ended")
    assert [row[2] for row in ada.rows("lines")] == ["person:ada"]


def test_an_admin_who_ends_their_own_sessions_is_out(ada: Visitor) -> None:
    answer = ada.press("Sign out everywhere: Ada")
    assert ada.get(answer.location).location.startswith("/sign-in")


@pytest.mark.parametrize("login", ["nobody", "x" * 300, "Mona", "%F0%9F%92%A9"])
def test_an_unknown_login_is_said(ada: Visitor, login: str) -> None:
    ada.follow(ada.post(f"/people/{login}/end-sessions", {"csrf_token": ada.token()}))
    assert "there is nobody with the login" in ada.text


def test_a_revoked_key_says_so(console: Console, ada: Visitor) -> None:
    console.key(name="uploads")
    with console.world.database.write() as session:
        keys.revoke(session, name="uploads", actor="test", now=console.world.now)
    ada.get("/people")
    assert ada.rows("keys")[0][4] == "shut"
