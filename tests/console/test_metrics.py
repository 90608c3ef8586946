"""First figures for leads: charts with the table beside them."""

import json
from datetime import UTC, datetime

from tests.console.conftest import Console


def test_figures_of_an_empty_console(console: Console) -> None:
    lena = console.signed_in("lena")
    lena.get("/figures")
    figures = lena.facts()
    assert figures["Open"] == "0"
    assert figures["Median to decision"] == "none yet"


def test_decisions_are_counted_by_day_and_verdict(console: Console) -> None:
    for verdict in ("confirm", "remove", "remove", "dispute"):
        console.world.decide(console.world.hit(), verdict)
    console.world.hit()
    lena = console.signed_in("lena")
    lena.get("/figures")
    figures = lena.facts()
    assert (figures["Open"], figures["Decided in 14 days"], figures["In time"]) == (
        "1",
        "4",
        "100.0 %",
    )
    today = lena.rows("days")[0]
    assert today == [str(datetime.now(UTC).date()), "5", "1", "2", "1"]
    assert len(lena.rows("days")) == 14


def test_charts_hold_what_the_table_holds(console: Console) -> None:
    console.world.decide(console.world.hit(), "confirm")
    lena = console.signed_in("lena")
    lena.get("/figures")
    charts = [
        json.loads(n.attributes["data-chart"])
        for n in lena.page.walk()
        if "data-chart" in n.attributes
    ]
    table = [list(row) for row in reversed(lena.rows("days"))]
    series = {one["label"]: one["values"] for chart in charts for one in chart["series"]}
    for column, label in enumerate(("opened", "confirmed", "removed", "disputed"), 1):
        assert series[label] == [int(row[column]) for row in table]
