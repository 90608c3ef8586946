"""Taking one's decision back, from the hit itself and from whatever comes after it."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from store.hit import Decision, Hit
from tests.console.conftest import Console, only
from tests.console.visitor import Visitor
from tests.moderation.outcomes import REGISTRY, said, to_say
from tests.world import PASSWORD

NOTE = "A shop sign"


@pytest.fixture
def hit(console: Console) -> int:
    """A hit that Mona has removed."""
    hit_id = console.world.hit()
    console.world.decide(hit_id, "remove")
    return hit_id


@pytest.fixture
def mona(console: Console, hit: int) -> Visitor:
    """The moderator who decided it, before it."""
    visitor = console.signed_in("mona")
    visitor.get(f"/hits/{hit}")
    return visitor


def _row(console: Console, hit: int) -> Hit:
    with console.world.database.read() as session:
        return session.get_one(Hit, hit)


def test_a_decision_is_taken_back_and_the_trace_stays(
    console: Console, hit: int, mona: Visitor
) -> None:
    assert "9 minutes left to undo" in mona.text or "10 minutes left to undo" in mona.text
    mona.follow(mona.press("Undo"))
    assert f"The decision on H-{hit} is taken back, and the hit is yours again." in mona.text
    assert "You hold this hit" in mona.text
    assert "removed by Mona" in mona.text
    assert "Taken back" in mona.text
    assert said(console.world, REGISTRY) == [("affirmative", "cancelled")]
    assert to_say(console.world) == ["hold"], "an exact copy is not seen while its hit is open"
    assert mona.rows("hit-log")[0][3].startswith("hit.undone")
    mona.follow(mona.press("Confirm"))
    with console.world.database.read() as session:
        verdicts = list(session.scalars(select(Decision.verdict).order_by(Decision.id)))
    assert verdicts == ["remove", "confirm"]


def test_what_the_platform_did_already_is_held_until_the_new_decision(
    console: Console, hit: int, mona: Visitor
) -> None:
    console.world.deliver()
    mona.get(f"/hits/{hit}")
    mona.follow(mona.press("Undo"))
    assert ("remove", "delivered") in said(console.world)
    assert to_say(console.world) == ["hold"]


def test_it_is_undone_from_the_hit_that_came_next(
    console: Console, hit: int, mona: Visitor
) -> None:
    other = console.world.hit()
    mona.get(f"/hits/{other}")
    assert f"H-{hit} removed" in mona.text
    mona.follow(mona.press("Undo"))
    assert mona.path == f"/hits/{hit}"
    assert "You hold this hit" in mona.text
    mona.get(f"/hits/{other}")
    assert "Undo" not in mona.buttons()


def test_it_is_undone_from_the_queue_after_the_last(
    console: Console, hit: int, mona: Visitor
) -> None:
    mona.get("/queue")
    mona.follow(mona.press("Undo"))
    assert mona.path == f"/hits/{hit}"
    assert _row(console, hit).state == "open"


def test_only_the_newest_decision_is_offered(console: Console, hit: int, mona: Visitor) -> None:
    newer = console.world.hit()
    console.world.later(seconds=1)
    console.world.decide(newer, "confirm")
    mona.get("/queue")
    assert f"H-{newer} confirmed" in mona.text
    assert f"H-{hit} removed" not in mona.text
    assert mona.buttons().count("Undo") == 1


def test_what_the_registry_may_have_heard_is_not_undone(
    console: Console, hit: int, mona: Visitor
) -> None:
    with time_machine.travel(console.world.now + timedelta(minutes=11), tick=True):
        assert mona.press("Undo").status_code == 409
        assert "so it cannot be undone. Decide otherwise instead" in mona.problem
        assert "Undo" not in mona.buttons()
        mona.get("/queue")
        assert "Undo" not in mona.buttons()
    assert _row(console, hit).state == "decided"


def test_nobody_undoes_anothers_decision(console: Console, hit: int, mona: Visitor) -> None:
    for login in ("milan", "lena"):
        other = console.signed_in(login)
        other.get(f"/hits/{hit}")
        assert "Undo" not in other.buttons()
        sent = {"csrf_token": other.token(), "ordinal": "1"}
        assert other.post(f"/hits/{hit}/undo", sent).status_code == 409
        assert "Only the person who decided can undo it" in other.problem
    assert _row(console, hit).state == "decided"


@pytest.mark.parametrize("ordinal", ["", "2", "nonsense", "9" * 40, "²"])
@only("sqlite")
def test_it_goes_for_the_decision_that_was_seen(
    console: Console, hit: int, mona: Visitor, ordinal: str
) -> None:
    form = mona.form(f"/hits/{hit}/undo")
    assert mona.send(form, form.fields | {"ordinal": ordinal}).status_code == 409
    assert "look at it once more" in mona.problem
    assert _row(console, hit).state == "decided"


def test_pressed_twice_it_is_undone_once(console: Console, hit: int, mona: Visitor) -> None:
    form = mona.form(f"/hits/{hit}/undo")
    mona.follow(mona.send(form, form.fields))
    assert mona.send(form, form.fields).status_code == 409
    assert "there is nothing to undo" in mona.problem


def test_a_fragment_says_the_same(console: Console, hit: int, mona: Visitor) -> None:
    answer = mona.press("Undo", htmx=True)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert "You hold this hit" in mona.text
    assert "is taken back" in answer.text, "the message comes beside the fragment"


@only("sqlite")
def test_after_the_session_ended_it_is_signed_in_first_and_undone_then(
    console: Console, hit: int, mona: Visitor
) -> None:
    console.redis.flushdb()
    mona.follow(mona.press("Undo"))
    assert _row(console, hit).state == "decided"
    mona.follow(mona.press("Sign in", login="mona", password=PASSWORD))
    assert mona.path == f"/hits/{hit}"
    mona.follow(mona.press("Undo"))
    assert _row(console, hit).state == "open"
