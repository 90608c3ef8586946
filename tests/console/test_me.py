"""One's own keys: changed, refused, switched off, and nobody else's."""

import json

import pytest

from tests.console.conftest import Console, only
from tests.console.visitor import Visitor

pytestmark = only("sqlite")


@pytest.fixture
def mona(console: Console) -> Visitor:
    """A moderator before their settings."""
    mona = console.signed_in("mona")
    mona.get("/me")
    return mona


def _given(visitor: Visitor) -> object:
    """The keys as a page hands them to its scripts."""
    visitor.get("/queue")
    metas = [n for n in visitor.page.walk() if n.attributes.get("name") == "keys"]
    return json.loads(metas[0].attributes["content"])


def test_a_key_is_changed_for_every_page_and_every_browser(console: Console, mona: Visitor) -> None:
    assert _given(mona) == {"off": False, "map": {}}
    mona.get("/me")
    form = mona.form("/me/keys")
    mona.follow(mona.send(form, {**form.fields, "key.hits.remove": "X"}))
    assert "Your keys are kept." in mona.text
    assert mona.form("/me/keys").fields["key.hits.remove"] == "X"
    assert _given(console.signed_in("mona")) == {"off": False, "map": {"hits.remove": "x"}}
    assert _given(console.signed_in("lena")) == {"off": False, "map": {}}


def test_keys_are_switched_off_and_set_back(mona: Visitor) -> None:
    sent = {"csrf_token": mona.token(), "off": "1", "key.queue.next": "j"}
    mona.follow(mona.post("/me/keys", sent))
    assert _given(mona) == {"off": True, "map": {"queue.next": "j"}}
    mona.get("/me")
    mona.follow(mona.press("Back to the first keys"))
    assert _given(mona) == {"off": False, "map": {}}


@pytest.mark.parametrize(
    ("action", "key", "told"),
    [
        ("hits.remove", "d", "D cannot be both: Remove; Dispute."),
        ("help.keys", "n", "N cannot be both"),
        ("hits.remove", "", "one letter, digit or sign"),
        ("hits.remove", "é", "one letter, digit or sign"),
        ("hits.nothing", "x", "There is no such key"),
    ],
)
def test_keys_in_each_others_way_are_refused(
    mona: Visitor, action: str, key: str, told: str
) -> None:
    sent = {"csrf_token": mona.token(), f"key.{action}": key}
    assert mona.post("/me/keys", sent).status_code == 422
    assert told in mona.problem
    assert _given(mona) == {"off": False, "map": {}}


def test_a_script_is_answered_in_words(mona: Visitor) -> None:
    token = mona.token()
    sent = {"csrf_token": token, "key.hits.remove": "x"}
    headers = {"HX-Request": "true"}
    assert mona.client.post("/me/keys", data=sent, headers=headers).status_code == 204
    refused = mona.client.post("/me/keys", data={**sent, "key.hits.dispute": "x"}, headers=headers)
    assert (refused.status_code, refused.text) == (422, "X cannot be both: Remove; Dispute.")


def test_settings_fit_the_role(console: Console) -> None:
    ada = console.signed_in("ada")
    ada.get("/me")
    assert "Views of the queue" not in ada.text
    assert "Your day" not in ada.text
