"""Working through the queue, without JavaScript: each press leads to the next hit."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from store.hit import Decision, Hit
from tests.console.conftest import Console, only
from tests.console.visitor import Visitor
from tests.world import DISPUTE_REASON, PASSWORD

NOTE = "A shop sign"
WELL_DONE = "Nothing more is waiting that nobody holds."


@pytest.fixture
def hits(console: Console) -> list[int]:
    """Three hits, the most urgent first."""
    return [console.world.hit(distance=distance) for distance in (0, 12, 27)]


@pytest.fixture
def mona(console: Console, hits: list[int]) -> Visitor:
    """A moderator who has begun to work."""
    visitor = console.signed_in("mona")
    visitor.follow(visitor.press("Claim the most urgent"))
    return visitor


def _is_at(visitor: Visitor, hit: int) -> None:
    assert visitor.path == f"/hits/{hit}?work=1"
    assert "You hold this hit" in visitor.text


def _row(console: Console, hit: int) -> Hit:
    with console.world.database.read() as session:
        return session.get_one(Hit, hit)


def test_each_decision_leads_to_the_next_hit_and_the_last_to_the_queue(
    console: Console, hits: list[int], mona: Visitor
) -> None:
    _is_at(mona, hits[0])
    mona.follow(mona.press("Confirm"))
    _is_at(mona, hits[1])
    assert f"H-{hits[0]} is decided." in mona.text
    mona.follow(mona.press("Exact copy of the listed picture", note=NOTE))
    _is_at(mona, hits[2])
    mona.follow(mona.press(DISPUTE_REASON))
    assert mona.path == "/queue"
    assert WELL_DONE in mona.text
    with console.world.database.read() as session:
        made = session.scalars(select(Decision).order_by(Decision.id)).all()
    assert [(one.hit_id, one.verdict, one.note) for one in made] == [
        (hits[0], "confirm", ""),
        (hits[1], "remove", NOTE),
        (hits[2], "dispute", ""),
    ]


def test_undo_comes_back_to_work(hits: list[int], mona: Visitor) -> None:
    mona.follow(mona.press("Confirm"))
    mona.follow(mona.press("Undo"))
    _is_at(mona, hits[0])
    mona.follow(mona.press("Confirm"))
    _is_at(mona, hits[1])


def test_who_looks_up_one_hit_stays_there(console: Console, hits: list[int]) -> None:
    mona = console.signed_in("mona")
    mona.get(f"/hits/{hits[1]}")
    mona.follow(mona.press("Claim"))
    mona.follow(mona.press("Confirm"))
    assert mona.path == f"/hits/{hits[1]}"


def test_a_hit_is_passed_over_for_a_reason_and_not_offered_again(
    console: Console, hits: list[int], mona: Visitor
) -> None:
    mona.follow(mona.press("I would rather not look at this one"))
    _is_at(mona, hits[1])
    assert _row(console, hits[0]).holder_id is None
    for after in (hits[2], None):
        mona.follow(mona.press("I am not sure"))
        if after:
            _is_at(mona, after)
    assert mona.path == "/queue"
    assert WELL_DONE in mona.text
    milan = console.signed_in("milan")
    milan.follow(milan.press("Claim the most urgent"))
    _is_at(milan, hits[0])
    assert [row[3].split()[0] for row in milan.rows("hit-log")][:2] == [
        "hit.claimed",
        "hit.skipped",
    ]


@pytest.mark.parametrize("reason", ["", "nonsense", "x" * 99])
@only("sqlite")
def test_passing_over_needs_one_of_the_reasons(hits: list[int], mona: Visitor, reason: str) -> None:
    form = mona.form(f"/hits/{hits[0]}/skip?work=1")
    assert mona.send(form, form.fields | {"reason": reason}).status_code == 409
    assert "Choose one of the reasons to pass a hit over." in mona.problem
    assert "You hold this hit" in mona.text


def test_handing_over_and_up_lead_on_too(console: Console, hits: list[int], mona: Visitor) -> None:
    milan = console.world.people["milan"]
    mona.get(mona.path)
    mona.follow(mona.press("Hand it over", to=milan.login))
    _is_at(mona, hits[1])
    mona.follow(mona.press("To the leads", reason="It may be a child I know"))
    _is_at(mona, hits[2])
    assert _row(console, hits[0]).holder_id == milan.id
    assert _row(console, hits[1]).for_lead


def test_what_was_put_before_a_lead_is_the_leads(
    console: Console, hits: list[int], mona: Visitor
) -> None:
    mona.follow(mona.press("To the leads", reason="It may be a child I know"))
    mona.get(f"/hits/{hits[0]}")
    assert mona.facts()["For a lead"] == "It may be a child I know"
    assert "Claim" not in mona.buttons()
    sent = {"csrf_token": mona.token()}
    assert mona.post(f"/hits/{hits[0]}/claim", sent).status_code == 409
    assert "This hit was put before a lead." in mona.problem
    lena = console.signed_in("lena")
    lena.get("/queue?view=escalated")
    assert [row[0] for row in lena.rows("hits")] == [f"H-{hits[0]}"]
    lena.get(f"/hits/{hits[0]}")
    lena.follow(lena.press("Claim"))
    assert "Put it before a lead" not in lena.text
    lena.follow(lena.press("Confirm"))
    assert "confirmed by Lena" in lena.text


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201])
@only("sqlite")
def test_a_lead_is_told_something(hits: list[int], mona: Visitor, reason: str) -> None:
    form = mona.form(f"/hits/{hits[0]}/hand-up?work=1")
    assert mona.send(form, form.fields | {"reason": reason}).status_code == 409
    assert "Say what the lead should know" in mona.problem


def test_none_of_it_without_the_claim(console: Console, hits: list[int], mona: Visitor) -> None:
    _ = console.world.people["milan"]
    token = {"csrf_token": mona.token()}
    other = console.signed_in("milan")
    for step, typed in (
        ("skip", {"reason": "not-sure"}),
        ("hand-up", {"reason": "Look"}),
        ("hand-over", {"to": "mona"}),
        ("release", {}),
    ):
        answer = other.post(
            f"/hits/{hits[0]}/{step}?work=1", {"csrf_token": other.token(), **typed}
        )
        assert answer.status_code == 409, step
        assert "Nothing was changed" in other.problem
    assert _row(console, hits[0]).holder_id == console.world.people["mona"].id
    assert mona.post("/hits/4711/skip?work=1", token | {"reason": "not-sure"}).status_code == 404


def test_a_refusal_keeps_the_note_and_the_work(
    console: Console, hits: list[int], mona: Visitor
) -> None:
    with time_machine.travel(console.world.now + timedelta(minutes=16), tick=True):
        assert mona.press("Confirm", note=NOTE).status_code == 409
        assert "Your note is kept and comes back with the claim" in mona.text
        mona.press("Claim")
        assert mona.form(f"/hits/{hits[0]}/decide?work=1").fields["note"] == NOTE
        mona.follow(mona.press("Confirm"))
        _is_at(mona, hits[1])


def test_when_it_is_enough_for_the_day_the_queue_says_so(console: Console, hits: list[int]) -> None:
    lena = console.signed_in("lena")
    _ = console.world.people["mona"]
    sent = {"csrf_token": lena.token(), "hits": "1", "minutes": ""}
    lena.follow(lena.post("/team/mona/limits", sent))
    mona = console.signed_in("mona")
    mona.follow(mona.press("Claim the most urgent"))
    mona.follow(mona.press("Confirm"))
    assert mona.path == "/queue"
    assert "enough" in mona.text.lower()


STOP = "Waiting for the police"


def test_a_lead_stops_the_clock_and_lets_it_go_on(
    console: Console, hits: list[int], mona: Visitor
) -> None:
    due = _row(console, hits[0]).due_at
    lena = console.signed_in("lena")
    lena.get(f"/hits/{hits[0]}")
    lena.follow(lena.press("Stop it", reason=STOP))
    assert lena.facts()["Due"].endswith(f": {STOP}")
    assert "Nobody holds this hit" in lena.text, "it is taken from whoever worked on it"
    assert mona.press("Confirm", note=NOTE).status_code == 409
    lena.get("/queue?view=paused")
    assert [row[0] for row in lena.rows("hits")] == [f"H-{hits[0]}"]
    mona.get("/queue")
    mona.follow(mona.press("Claim the most urgent"))
    _is_at(mona, hits[1])
    with time_machine.travel(console.world.now + timedelta(hours=2), tick=True):
        lena.get(f"/hits/{hits[0]}")
        lena.follow(lena.press("Let the clock go on"))
        assert "the clock stands still" not in lena.text
    later = _row(console, hits[0]).due_at - due
    assert abs(later - timedelta(hours=2)) < timedelta(minutes=2)
    log = [row[3].split()[0] for row in lena.rows("hit-log")]
    assert log[:2] == ["hit.resumed", "hit.paused"]


@pytest.mark.parametrize("reason", ["", " ", "x" * 201])
@only("sqlite")
def test_a_clock_stops_for_a_reason(console: Console, hits: list[int], reason: str) -> None:
    lena = console.signed_in("lena")
    lena.get(f"/hits/{hits[0]}")
    form = lena.form(f"/hits/{hits[0]}/pause")
    assert lena.send(form, form.fields | {"reason": reason}).status_code == 409
    assert "Say why the clock stops" in lena.problem
    assert lena.send(lena.form(f"/hits/{hits[0]}/pause"), form.fields | {"reason": STOP})
    again = lena.post(f"/hits/{hits[0]}/pause", form.fields | {"reason": STOP})
    assert again.status_code == 409
    assert "stands still already" in lena.problem


@only("sqlite")
def test_a_moderator_stops_no_clock(hits: list[int], mona: Visitor) -> None:
    assert "Stop it" not in mona.buttons()
    for step in ("pause", "resume"):
        sent = {"csrf_token": mona.token(), "reason": STOP}
        assert mona.client.post(f"/hits/{hits[0]}/{step}", data=sent).status_code == 403


@only("sqlite")
def test_after_the_session_ended_work_goes_on_where_it_was(
    console: Console, hits: list[int], mona: Visitor
) -> None:
    console.redis.flushdb()
    mona.follow(mona.press("Confirm"))
    assert mona.path.startswith("/sign-in?next=")
    mona.follow(mona.press("Sign in", login="mona", password=PASSWORD))
    _is_at(mona, hits[0])
    assert _row(console, hits[0]).state == "open"


@only("sqlite")
def test_a_refusal_s_own_address_leads_back_to_the_hit(
    console: Console, hits: list[int], mona: Visitor
) -> None:
    form = mona.form(f"/hits/{hits[0]}/decide?work=1")
    mona.send(form, form.fields | {"choice": "nonsense"})
    assert mona.path == f"/hits/{hits[0]}/decide?work=1", "where nothing can be read"
    console.redis.flushdb()
    mona.follow(mona.press("Confirm"))
    mona.follow(mona.press("Sign in", login="mona", password=PASSWORD))
    _is_at(mona, hits[0])
