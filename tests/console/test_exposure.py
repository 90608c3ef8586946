"""One's own figures, pauses, and the limits of a team: nobody sees what another did."""

from dataclasses import replace

import pytest

from tests.console.conftest import Console, only
from tests.console.visitor import Visitor

pytestmark = only("sqlite")


@pytest.fixture
def mona(console: Console) -> Visitor:
    """A moderator who has decided two hits."""
    for _ in range(2):
        console.world.decide(console.world.hit(), "confirm")
    return console.signed_in("mona")


def test_the_figures_are_ones_own(console: Console, mona: Visitor) -> None:
    mona.get("/queue")
    assert "2 hits in a row. Today: 2 hits, 0 minutes. Only you see this." in mona.text
    mona.get("/hits/1")
    assert "2 hits in a row." in mona.text
    for login in ("lena", "amir"):
        other = console.signed_in(login)
        for path in ("/queue", "/me", "/hits/1"):
            other.get(path)
            assert "2 hits in a row" not in other.text
            assert other.facts().get("Decided today", "0") == "0"


def test_a_pause_and_the_way_back(mona: Visitor) -> None:
    mona.get("/queue")
    mona.follow(mona.press("Take a pause"))
    assert "You are on a pause." in mona.text
    mona.follow(mona.press("I am back"))
    assert "0 hits in a row. Today: 2 hits" in mona.text


def test_a_pause_is_offered_when_it_is_due(console: Console, mona: Visitor) -> None:
    mona.get("/queue")
    assert "a good moment for a pause" not in mona.text
    held = console.app.extensions["console"]
    rules = held.policy.exposure.model_copy(update={"pause_after_hits": 2})
    policy = held.policy.model_copy(update={"exposure": rules})
    console.app.extensions["console"] = replace(held, policy=policy)
    mona.get("/queue")
    assert "a good moment for a pause" in mona.text


def test_a_lead_sets_limits_and_sees_no_figures(console: Console, mona: Visitor) -> None:
    lena = console.signed_in("lena")
    lena.get("/team")
    assert "once 3 people have decided something" in lena.text
    lena.follow(lena.press("Set the limits of Mona", hits="2", minutes=""))
    assert "The limits of mona are set." in lena.text
    assert lena.form("/team/mona/limits").fields["hits"] == "2"
    mona.get("/queue")
    assert "Today: 2 hits of 2" in mona.text
    lena.follow(lena.press("Set the limits of Mona", hits=""))
    assert lena.form("/team/mona/limits").fields["hits"] == ""
    lena.get("/audit?action=person.limits")
    assert len(lena.rows("lines")) == 2


@pytest.mark.parametrize("hits", ["0", "-1", "many", "1e3", "10001", "9" * 30])
def test_a_limit_that_cannot_be_is_said_and_changes_nothing(console: Console, hits: str) -> None:
    lena = console.signed_in("lena")
    lena.get("/team")
    sent = {"csrf_token": lena.token(), "hits": hits, "minutes": ""}
    lena.follow(lena.post("/team/lena/limits", sent))
    assert "whole number" in lena.text or "a number from 1 to" in lena.text
    assert lena.form("/team/lena/limits").fields["hits"] == ""


def test_totals_are_of_all_people(console: Console, mona: Visitor) -> None:
    for login in ("milan", "lena"):
        console.world.decide(console.world.hit(), "confirm", login)
    lena = console.signed_in("lena")
    lena.get("/team")
    assert lena.facts()["Decided today, by all together"] == "4"
