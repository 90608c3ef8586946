"""A hit from the queue to its decision, over HTTP without JavaScript, as each person meets it."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import delete, func, select

from exchange.records import Reason
from matching.fingerprint import Algorithm
from moderation import decisions, sources
from store.delivery import Delivery
from store.entry import Entry
from store.hit import Decision, Hit
from store.source import DisputeReason, Source
from tests.console.conftest import Console, only
from tests.console.visitor import Visitor
from tests.world import DISPUTE_REASON, choice, record

NOTE = "Seen twice before"
CONFIRM, REMOVE = "Confirm", "Exact copy of the listed picture"


@pytest.fixture
def hit(console: Console) -> int:
    """An open hit, twelve bits from its entry."""
    return console.world.hit(distance=12)


@pytest.fixture
def mona(console: Console, hit: int) -> Visitor:
    """A moderator who looks at the hit."""
    visitor = console.signed_in("mona")
    visitor.get(f"/hits/{hit}")
    return visitor


def _claim(visitor: Visitor) -> Visitor:
    visitor.follow(visitor.press("Claim"))
    assert "You hold this hit" in visitor.text
    return visitor


def _deliveries(console: Console) -> list[tuple[str, str, str]]:
    with console.world.database.read() as session:
        rows = session.scalars(select(Delivery).order_by(Delivery.id))
        return [(row.destination.partition(":")[0], row.action, row.state) for row in rows]


def _verdicts(console: Console) -> list[str]:
    with console.world.database.read() as session:
        return list(session.scalars(select(Decision.verdict).order_by(Decision.id)))


def test_the_page_shows_how_near_and_never_what(console: Console, hit: int, mona: Visitor) -> None:
    assert "12 of 256 bits differ, up to 31 count as a match" in mona.text
    assert "Younger child, most severe category" in mona.text
    assert "90 of 100" in mona.text
    assert "Nobody holds this hit" in mona.text
    assert "Your decision" not in mona.text
    with console.world.database.read() as session:
        assert session.get_one(Hit, hit).lease_number == 0, "looking is not claiming"


@pytest.mark.parametrize(
    ("button", "verdict", "sent"),
    [
        (CONFIRM, "confirm", [("registry", "affirmative", "waiting")]),
        (
            "Preserved under a legal hold",
            "confirm",
            [("registry", "affirmative", "waiting")],
        ),
        (
            REMOVE,
            "remove",
            [
                ("registry", "affirmative", "waiting"),
                ("platform", "remove", "waiting"),
                ("platform", "refuse-fingerprint", "waiting"),
            ],
        ),
        (
            DISPUTE_REASON,
            "dispute",
            [("registry", "negative", "waiting"), ("platform", "release", "waiting")],
        ),
    ],
)
def test_a_hit_is_claimed_and_decided(
    console: Console, mona: Visitor, button: str, verdict: str, sent: list[tuple[str, str, str]]
) -> None:
    _claim(mona)
    mona.follow(mona.press(button, note=NOTE))
    assert "is decided." in mona.text
    assert NOTE in mona.text
    assert "by Mona" in mona.text
    assert _verdicts(console) == [verdict]
    assert _deliveries(console) == sent
    told = [row[:2] for row in mona.rows("hit-deliveries")]
    assert [[to.partition(":")[0], what] for to, what in told] == [
        [to, what] for to, what, _ in sent
    ]
    actions = [row[3].split()[0] for row in mona.rows("hit-log")]
    assert actions == ["hit.decided", "hit.claimed", "hit.opened"]


def test_a_dispute_carries_the_reason_that_the_registry_gave(
    console: Console, mona: Visitor
) -> None:
    _claim(mona)
    mona.press(DISPUTE_REASON)
    with console.world.database.read() as session:
        vote = session.scalars(select(Delivery).where(Delivery.action == "negative")).one()
    assert vote.body["reason_ids"] == ["pdq-1"]


def test_a_dispute_without_a_reason_of_the_registry_is_refused(
    console: Console, hit: int, mona: Visitor
) -> None:
    with console.world.database.write() as session:
        reasons = [Reason(f"{n}", f"Reason {n}", Algorithm.PDQ) for n in (1, 2)]
        sources.keep_reasons(session, 1, reasons, console.world.now)
    _claim(mona)
    form = mona.form(f"/hits/{hit}/decide")
    typed = {"choice": "dispute:Nobody's", "reason": "plain-content", "note": NOTE}
    assert mona.send(form, form.fields | typed).status_code == 409
    assert "Choose one of the reasons of Take It Down" in mona.problem
    assert _verdicts(console) == []
    kept = mona.form(f"/hits/{hit}/decide").fields
    assert (kept["note"], kept["reason"]) == (NOTE, "plain-content"), "what was typed is not lost"
    mona.follow(mona.press("Reason 2"))
    with console.world.database.read() as session:
        decision = session.scalars(select(Decision)).one()
    assert (decision.verdict, decision.reason, decision.note) == ("dispute", "plain-content", NOTE)


def test_a_dispute_without_reasons_of_the_registry_says_that_they_come(
    console: Console, mona: Visitor
) -> None:
    with console.world.database.write() as session:
        session.get_one(Source, 1).reasons_at = None  # as it stands until the first sync
        session.execute(delete(DisputeReason))
    _claim(mona)
    assert "The reasons of Take It Down have not been fetched yet" in mona.text
    assert mona.press("The content is something else", note=NOTE).status_code == 409
    assert _verdicts(console) == []
    assert NOTE in mona.text


def test_a_registry_that_knows_no_reasons_is_told_without_one(
    console: Console, mona: Visitor
) -> None:
    with console.world.database.write() as session:
        sources.keep_reasons(session, 1, [], console.world.now)
    _claim(mona)
    assert "have not been fetched yet" not in mona.text
    mona.follow(mona.press("The content is something else"))
    assert _verdicts(console) == ["dispute"]


def test_taking_content_down_is_asked_once(console: Console, hit: int, mona: Visitor) -> None:
    _claim(mona)
    form = mona.form(f"/hits/{hit}/decide")
    sent = {k: v for k, v in form.fields.items() if k != "sure"}  # as no page of ours sends it
    sent |= {"choice": "remove:match-exact", "note": NOTE}
    assert mona.send(form, sent).status_code == 200
    assert f"Take the content of H-{hit} down?" in mona.text
    assert _verdicts(console) == []
    mona.follow(mona.press("Yes, remove"))
    assert _verdicts(console) == ["remove"]
    assert NOTE in mona.text


def test_the_panel_of_a_removal_says_what_will_happen(mona: Visitor) -> None:
    _claim(mona)
    assert "The content comes down at once, and copies of it are refused" in mona.text


@pytest.mark.parametrize(
    ("changed", "status", "says"),
    [
        ({"choice": "destroy:match-exact"}, 422, "Choose confirm, remove or dispute."),
        ({"choice": "confirm"}, 422, "Choose confirm, remove or dispute."),
        ({"choice": ""}, 422, "Choose confirm, remove or dispute."),
        ({"choice": "confirm:because"}, 409, "Choose one of the reasons for this decision."),
        ({"choice": "confirm:match-exact"}, 409, "Choose one of the reasons for this decision."),
        ({"choice": "confirm:" + "x" * 300}, 422, "choice"),
        ({"reason": "x" * 41}, 422, "reason"),
        ({"note": "x" * 2001}, 422, "note"),
        ({"lease": "nonsense"}, 422, "lease"),
        ({"lease": ""}, 409, "Claim it again"),
        ({"lease": "9" * 40}, 409, "Claim it again"),
    ],
)
@only("sqlite")
def test_a_choice_that_cannot_be_is_refused_and_said(
    console: Console, hit: int, mona: Visitor, changed: dict[str, str], status: int, says: str
) -> None:
    _claim(mona)
    form = mona.form(f"/hits/{hit}/decide")
    answer = mona.send(form, form.fields | {"choice": "confirm:already-gone"} | changed)
    assert answer.status_code == status
    assert says in mona.problem
    assert _verdicts(console) == []
    assert _deliveries(console) == []


def test_a_decision_after_the_claim_ran_out_is_refused_and_the_note_comes_back(
    console: Console, hit: int, mona: Visitor
) -> None:
    _claim(mona)
    later = console.world.now + timedelta(minutes=16)
    with time_machine.travel(later, tick=True):
        answer = mona.press(CONFIRM, note=NOTE)
        assert answer.status_code == 409
        assert "ran out or passed to somebody else, so nothing was decided" in mona.problem
        assert _verdicts(console) == []
        assert NOTE in mona.text
        assert mona.press("Claim").status_code == 200
        assert mona.form(f"/hits/{hit}/decide").fields["note"] == NOTE
        mona.follow(mona.press(CONFIRM))
    assert NOTE in mona.text
    assert _verdicts(console) == ["confirm"]


def test_the_one_who_comes_second_is_told_who_was_first(
    console: Console, hit: int, mona: Visitor
) -> None:
    milan = console.signed_in("milan")
    milan.get(f"/hits/{hit}")
    _claim(mona)
    assert milan.press("Claim").status_code == 409
    assert "Mona is working on this hit." in milan.problem
    assert "Mona holds this hit" in milan.text
    assert "Your decision" not in milan.text
    mona.press(CONFIRM)
    milan.get(f"/hits/{hit}")
    assert "Claim" not in milan.buttons()
    assert "confirmed by Mona" in milan.text


def test_an_old_page_cannot_decide_what_was_decided(
    console: Console, hit: int, mona: Visitor
) -> None:
    _claim(mona)
    old = Visitor(console.app)
    old.client.set_cookie("console", mona.cookie() or "")
    old.get(f"/hits/{hit}")
    mona.follow(mona.press(CONFIRM))
    assert old.press(REMOVE, note=NOTE).status_code == 409
    assert "decided already" in old.problem
    assert _verdicts(console) == ["confirm"]


def test_putting_back_and_handing_over(console: Console, hit: int, mona: Visitor) -> None:
    milan = console.world.people["milan"]
    _claim(mona)
    mona.follow(mona.press("Put back"))
    assert "Nobody holds this hit" in mona.text
    _claim(mona)
    mona.follow(mona.press("Hand it over", to=milan.login))
    assert "Milan holds this hit" in mona.text
    other = console.signed_in("milan")
    other.get("/queue?view=mine")
    assert [row[0] for row in other.rows("hits")] == [f"H-{hit}"]
    other.get(f"/hits/{hit}")
    other.follow(other.press(CONFIRM))
    assert "confirmed by Milan" in other.text


@pytest.mark.parametrize("to", ["", "nobody", "mona", "amir", "x" * 500, "é"])
@only("sqlite")
def test_a_hit_is_handed_to_a_colleague_who_may_decide(
    console: Console, hit: int, mona: Visitor, to: str
) -> None:
    _ = console.world.people["milan"], console.world.people["amir"]
    _claim(mona)
    assert "Amir" not in mona.text, "an auditor decides nothing and is not offered"
    form = mona.form(f"/hits/{hit}/hand-over")
    assert mona.send(form, form.fields | {"to": to}).status_code == 409
    assert "Nothing was changed" in mona.problem
    assert "You hold this hit" in mona.text


def test_a_lead_takes_a_hit_from_somebody(console: Console, hit: int, mona: Visitor) -> None:
    _claim(mona)
    lena = console.signed_in("lena")
    lena.get(f"/hits/{hit}")
    lena.follow(lena.press("Take it from them"))
    assert "Nobody holds this hit" in lena.text
    assert mona.press(CONFIRM).status_code == 409
    assert "passed to somebody else" in mona.problem


def test_an_auditor_sees_and_cannot_press(console: Console, hit: int) -> None:
    amir = console.signed_in("amir")
    amir.get(f"/hits/{hit}")
    assert amir.buttons() == ["Keys", "Sign out", "Back to the first keys", "Close"]


def test_a_decision_is_reversed_after_it_was_asked_again(
    console: Console, hit: int, mona: Visitor
) -> None:
    _claim(mona)
    mona.follow(mona.press(REMOVE))
    assert "Decide otherwise" in mona.text
    assert mona.press(DISPUTE_REASON, note="It is a sunset").status_code == 200
    assert f"Dispute H-{hit}?" in mona.text
    assert "the platform puts the content back" in mona.text
    assert _verdicts(console) == ["remove"]
    mona.follow(mona.press("Yes, dispute"))
    assert _verdicts(console) == ["remove", "dispute"]
    assert _deliveries(console) == [
        ("registry", "affirmative", "cancelled"),
        ("platform", "remove", "cancelled"),
        ("platform", "refuse-fingerprint", "cancelled"),
        ("registry", "negative", "waiting"),
        ("platform", "release", "waiting"),
    ]


def test_a_reversal_of_what_changed_meanwhile_is_refused(
    console: Console, hit: int, mona: Visitor
) -> None:
    _claim(mona)
    mona.follow(mona.press(REMOVE))
    mona.press("Already gone from the platform")
    with console.world.database.write() as session:
        lena = console.world.people["lena"]
        rules = console.world.policy
        decisions.reverse(session, hit, 1, lena, choice("dispute"), rules, console.world.now)
    assert mona.press("Yes, confirm").status_code == 409
    assert "Somebody decided this hit again meanwhile" in mona.problem
    assert _verdicts(console) == ["remove", "dispute"]


def test_somebody_elses_decision_is_not_offered_for_reversal(
    console: Console, hit: int, mona: Visitor
) -> None:
    console.world.decide(hit, "confirm", "milan")
    mona.get(f"/hits/{hit}")
    assert "Decide otherwise" not in mona.text
    sent = {"choice": "dispute:different-content", "ordinal": "1", "sure": "y"}
    answer = mona.post(f"/hits/{hit}/reverse", sent | {"csrf_token": mona.token()})
    assert answer.status_code == 409
    assert "Only the person who decided, or a lead" in mona.problem


def test_the_most_urgent_is_claimed_from_the_queue(console: Console, mona: Visitor) -> None:
    exact = console.world.hit(distance=0)
    mona.get("/queue")
    mona.follow(mona.press("Claim the most urgent"))
    assert mona.path.partition("?")[0] == f"/hits/{exact}"


def test_claiming_the_next_does_not_pile_up_claims(console: Console, mona: Visitor) -> None:
    console.world.hit()
    for _ in range(3):
        mona.get("/queue")
        mona.follow(mona.press("Claim the most urgent"))
    with console.world.database.read() as session:
        held = session.scalar(select(func.count()).where(Hit.holder_id.is_not(None)))
    assert held == 1


def test_a_withdrawn_hit_says_so_and_takes_no_decision(
    console: Console, hit: int, mona: Visitor
) -> None:
    _claim(mona)
    with console.world.database.read() as session:
        entry = session.scalars(select(Entry)).one()
    console.world.list_entries(record(entry_id=entry.entry_id, withdrawn=True))
    assert mona.press(CONFIRM, note=NOTE).status_code == 409
    assert "withdrew the entry" in mona.problem
    assert "It needs no decision any more." in mona.text


@only("sqlite")
def test_a_fingerprint_in_a_note_does_not_come_back(hit: int, mona: Visitor) -> None:
    _claim(mona)
    mona.press(CONFIRM, note=f"its pdq is {'5f0c' * 16}, I think")
    assert "what looks like a fingerprint" in mona.problem
    kept = mona.form(f"/hits/{hit}/decide").fields["note"]
    assert kept == "its pdq is [fingerprint], I think"


@only("sqlite")
def test_fragments_say_the_same_as_pages(console: Console, hit: int, mona: Visitor) -> None:
    answer = mona.press("Claim", htmx=True)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    answer = mona.press(CONFIRM, note=NOTE, htmx=True)
    assert answer.status_code == 200
    assert "is decided." in answer.text, "the message comes beside the fragment"
    lost = mona.post(f"/hits/{hit}/claim", {"csrf_token": mona.token()}, htmx=True)
    assert lost.status_code == 409
    assert "decided already" in lost.text
    assert "<html" not in lost.text


@only("sqlite")
def test_a_note_is_shown_and_never_run(console: Console, hit: int, mona: Visitor) -> None:
    note = '<script>alert("x")</script>{{ 7 * 7 }}'
    _claim(mona)
    mona.follow(mona.press(CONFIRM, note=note))
    assert note in mona.text
    assert mona.answer is not None
    assert "<script>alert" not in mona.answer.text
    assert "49" not in [one.text() for one in mona.page.walk() if one.tag == "blockquote"]


def test_claiming_again_renews_the_claim(console: Console, hit: int, mona: Visitor) -> None:
    _claim(mona)
    with time_machine.travel(console.world.now + timedelta(minutes=10), tick=True):
        mona.follow(mona.press("More time"))
    with time_machine.travel(console.world.now + timedelta(minutes=20), tick=True):
        mona.follow(mona.press(CONFIRM))
    assert _verdicts(console) == ["confirm"]
