"""The figures: what wants a lead's eye, each with the list behind it; charts and their table."""

import json
from datetime import UTC, datetime, timedelta

import time_machine

from exchange.errors import Refused
from exchange.records import Receipt
from moderation import escalations, pauses
from moderation.outbox import Order
from tests.console.conftest import Console, only
from tests.console.visitor import Visitor
from tests.moderation.outcomes import list_one, post
from tests.world import pdq, record


def _figures(console: Console, login: str = "lena") -> Visitor:
    visitor = console.signed_in(login)
    visitor.get("/figures")
    return visitor


def test_figures_of_an_empty_console(console: Console) -> None:
    lena = _figures(console)
    figures = lena.facts()
    assert figures["Open"] == "0"
    assert figures["Median to decision"] == "none yet"
    assert figures["Deliveries given up"] == "0"
    assert "No answer from" not in lena.text


def test_decisions_are_counted_by_day_and_verdict(console: Console) -> None:
    for verdict in ("confirm", "remove", "remove", "dispute"):
        console.world.decide(console.world.hit(), verdict)
    console.world.hit()
    lena = _figures(console)
    figures = lena.facts()
    assert (figures["Open"], figures["Decided in 14 days"], figures["In time"]) == (
        "1",
        "4",
        "100.0 %",
    )
    today = lena.rows("days")[0]
    assert today == [str(datetime.now(UTC).date()), "5", "1", "2", "1"]
    assert len(lena.rows("days")) == 14


def test_a_decision_that_was_undone_is_not_counted(console: Console) -> None:
    hit = console.world.hit()
    mona = console.signed_in("mona")
    mona.get(f"/hits/{hit}")
    mona.follow(mona.press("Claim"))
    mona.follow(mona.press("Confirm"))
    mona.follow(mona.press("Undo"))
    assert _figures(console).rows("days")[0][2:] == ["0", "0", "0"]


def test_charts_hold_what_the_table_holds(console: Console) -> None:
    console.world.decide(console.world.hit(), "confirm")
    lena = _figures(console)
    charts = [
        json.loads(n.attributes["data-chart"])
        for n in lena.page.walk()
        if "data-chart" in n.attributes
    ]
    table = [list(row) for row in reversed(lena.rows("days"))]
    series = {one["label"]: one["values"] for chart in charts for one in chart["series"]}
    for column, label in enumerate(("opened", "confirmed", "removed", "disputed"), 1):
        assert series[label] == [int(row[column]) for row in table]


def _refuse(order: Order) -> Receipt:
    raise Refused("no", status=422)


def test_what_wants_a_lead_is_one_link_away(console: Console) -> None:
    """One of each: its figure says one, and the list behind it holds that one."""
    world = console.world
    late, stopped, put_up, gone = (world.hit(distance=12) for _ in range(4))
    lead, mona = world.people["lena"], world.people["mona"]
    value = pdq()
    list_one(world, value, "soon withdrawn")
    unsupported = post(world, value, 9)
    world.decide(unsupported, "remove")
    world.list_entries(record(entry_id="soon withdrawn", withdrawn=True))
    world.claim(put_up)
    with world.database.write() as session:
        pauses.pause(session, stopped, lead, "Police", world.now)
        escalations.hand_up(session, put_up, mona, "Look", world.now)
    world.decide(gone, "dispute")
    world.deliver(_refuse)
    lena = _figures(console)
    facts = lena.facts()
    assert (facts["Escalated"], facts["Clock stopped"]) == ("1", "1")
    assert facts["Removed, entry withdrawn"] == "1"
    assert facts["Deliveries given up"] != "0"
    behind = {
        "/queue?view=escalated": f"H-{put_up}",
        "/queue?view=paused": f"H-{stopped}",
        "/queue?view=unsupported": f"H-{unsupported}",
    }
    links = [n.attributes["href"] for n in lena.page.walk() if n.tag == "a"]
    for address, name in behind.items():
        assert address in links
        lena.get(address)
        assert [row[0] for row in lena.rows("hits")] == [name]
    assert "/deliveries?stage=given-up" in links
    assert late


def test_what_is_late_is_said(console: Console) -> None:
    console.world.hit()
    hours = console.world.policy.clock.due_hours
    lena = console.signed_in("lena")
    for share, soon, over in ((0.8, "1", "0"), (1.1, "0", "1")):
        with time_machine.travel(console.world.now + timedelta(hours=hours * share), tick=True):
            lena = _figures(console)
            facts = lena.facts()
            assert (facts["Due soon"], facts["Overdue"]) == (soon, over)


@only("sqlite")
def test_an_admin_reads_the_figures(console: Console) -> None:
    assert _figures(console, "ada").facts()["Open"] == "0"
