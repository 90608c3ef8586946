"""The queue: order, filters that stand in the address, and pages that end."""

from dataclasses import replace
from datetime import timedelta
from itertools import chain
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import time_machine
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from exchange.records import MediaKind
from matching.fingerprint import Algorithm, Fingerprint
from moderation import exposure, queue_order
from moderation.content import Print
from tests.console.conftest import Console, only
from tests.console.visitor import Visitor
from tests.world import near, pdq, record


def _names(visitor: Visitor, path: str) -> list[str]:
    assert visitor.get(path).status_code == 200
    return [row[0] for row in visitor.rows("hits")]


@pytest.fixture
def mona(console: Console) -> Visitor:
    """A moderator."""
    return console.signed_in("mona")


@pytest.fixture
def mixed(console: Console) -> dict[str, str]:
    """Hits of every kind, by what is special about them."""
    world = console.world
    world.source("StopNCII")
    names = {
        "exact": world.hit(distance=0),
        "near": world.hit(distance=12),
        "far": world.hit(distance=28),
        "mine": world.hit(distance=20),
        "decided": world.hit(distance=3),
    }
    world.claim(names["mine"])
    world.decide(names["decided"], "confirm", "milan")
    value = pdq()
    world.list_entries(record(value), source="StopNCII")
    film = Print(Fingerprint(Algorithm.PDQ, near(value, 30)), 90, 4.0)
    world.post(film, platform_id="film-1", kind=MediaKind.VIDEO)
    return {what: f"H-{number}" for what, number in names.items()} | {"film": "H-6"}


def test_the_most_urgent_stands_first(mona: Visitor, mixed: dict[str, str]) -> None:
    order = _names(mona, "/queue")
    assert order[:2] == [mixed["exact"], mixed["near"]]
    assert mixed["decided"] not in order
    assert len(order) == 5
    row = mona.rows("hits")[0]
    assert "exact copy" in row[2]
    assert "Take It Down" in row[3]
    assert row[6] == "nobody"


FILTERED: tuple[tuple[str, list[str]], ...] = (
    ("view=mine", ["mine"]),
    ("view=decided", ["decided"]),
    ("view=withdrawn", []),
    ("nearness=exact", ["exact"]),
    ("nearness=near", ["near"]),
    ("nearness=far&source=1", ["far", "mine"]),
    ("source=2", ["film"]),
    ("kind=video", ["film"]),
    ("clock=breached", []),
    ("clock=on-time&nearness=exact", ["exact"]),
    ("q=film-1", ["film"]),
    ("q=H-2", ["near"]),
    ("q=h-2", ["near"]),
    ("q=2", ["near"]),
    ("q=nothing", []),
    ("view=all&q=H-5", ["decided"]),
    ("algorithm=md5", []),
    ("algorithm=pdq&least=12&most=28", ["near", "far", "mine"]),
    ("most=0", ["exact"]),
    ("surface=feed&least=28", ["far", "film"]),
    ("uploader=nobody", []),
    ("since=1999-12-31&until=2000-01-01", []),
    ("view=decided&since=2020-01-01", ["decided"]),
    ("source=2&nearness=exact", []),
)


def test_filters_stand_in_the_address(mona: Visitor, mixed: dict[str, str]) -> None:
    for query, expected in FILTERED:
        found = set(_names(mona, f"/queue?{query}"))
        assert found == {mixed[one] for one in expected}, query
        empty = any("empty-state" in n.attributes.get("class", "") for n in mona.page.walk())
        assert empty is not bool(expected), query


@only("sqlite")
def test_the_form_shows_the_filters_that_hold(mona: Visitor, mixed: dict[str, str]) -> None:
    asked = {
        "view": "decided",
        "nearness": "near",
        "source": "1",
        "clock": "breached",
        "kind": "video",
        "q": "x",
        "size": "50",
        "algorithm": "pdq",
        "least": "3",
        "most": "20",
        "surface": "feed",
        "uploader": "u-1",
        "entry": "entry-1",
        "since": "2026-03-01",
        "until": "2026-03-02",
    }
    mona.get(f"/queue?{urlencode(asked)}")
    form = mona.form("/queue")
    assert form.method == "get"
    assert form.fields == asked
    mona.get("/queue")
    answer = mona.press("Apply", nearness="near")
    assert answer.status_code == 200
    assert [row[0] for row in mona.rows("hits")] == [mixed["near"]]


def test_what_is_due_is_counted_and_found(console: Console, mona: Visitor) -> None:
    console.world.hit()
    with time_machine.travel(console.world.now + timedelta(hours=20), tick=True):
        mona = console.signed_in("mona")
        assert _names(mona, "/queue?clock=at-risk") == ["H-1"]
        assert "due soon" in mona.text
    with time_machine.travel(console.world.now + timedelta(hours=30), tick=True):
        mona = console.signed_in("mona")
        assert _names(mona, "/queue?clock=breached") == ["H-1"]
        assert "overdue" in mona.text


def _walk(visitor: Visitor, path: str) -> list[list[str]]:
    """The names on each page, following "Next page" to the end."""
    pages = [_names(visitor, path)]
    while following := [address for name, address in visitor.links("Pages") if "Next" in name]:
        pages.append(_names(visitor, following[0]))
        assert len(pages) < 20
    return pages


def test_pages_are_bounded_and_leave_nothing_out(console: Console, mona: Visitor) -> None:
    for _ in range(30):
        console.world.hit(distance=9)
    pages = _walk(mona, "/queue?nearness=near&size=25")
    assert [len(page) for page in pages] == [25, 5]
    assert sorted(chain(*pages)) == sorted(f"H-{n}" for n in range(1, 31))
    back = dict(mona.links("Pages"))["Previous page"]
    assert parse_qs(urlsplit(back).query) == {"nearness": ["near"], "size": ["25"]}


def test_closed_hits_page_by_page_the_newest_first(console: Console, mona: Visitor) -> None:
    for _ in range(27):
        console.world.decide(console.world.hit(distance=9), "confirm")
    pages = _walk(mona, "/queue?view=decided")
    assert [len(page) for page in pages] == [25, 2]
    assert list(chain(*pages)) == [f"H-{n}" for n in range(27, 0, -1)]


@only("sqlite")
def test_a_page_that_may_look_no_further_leads_on(
    console: Console, mona: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_order, "WINDOW", 2)
    for distance in (0, 0, 0, 0, 20):
        console.world.hit(distance=distance)
    pages = _walk(mona, "/queue?nearness=far")
    assert [len(page) for page in pages] == [0, 0, 1]
    mona.get("/queue?nearness=far")
    assert "The next page looks further" in mona.text


@only("sqlite")
def test_a_limit_of_the_day_is_said_kindly(console: Console, mona: Visitor) -> None:
    console.world.decide(console.world.hit(), "confirm")
    console.world.hit()
    with console.world.database.write() as session:
        exposure.set_limits(
            session, "mona", hits=1, minutes=None, actor="test", now=console.world.now
        )
    mona.get("/queue")
    mona.follow(mona.press("Claim the most urgent"))
    assert "that is enough for one day" in mona.text
    assert [row[6] for row in mona.rows("hits")] == ["nobody"]


@only("sqlite")
@pytest.mark.parametrize("size", ["1000000", "0", "-1", "²", "٣", "25.0", "", "x" * 999])
def test_no_page_is_larger_than_the_largest(console: Console, mona: Visitor, size: str) -> None:
    mona.get(f"/queue?size={size}")
    assert mona.form("/queue").fields["size"] == "25"


NAMES = (
    *("view", "source", "nearness", "clock", "kind", "q", "size", "cursor", "algorithm", "least"),
    *("most", "surface", "uploader", "entry", "since", "until"),
)
# fmt: off
ODD = (
    "", "open", "mine", "decided", "near", "1", "0", "-1", "9" * 30, "1_1", "1772000000000000_3",
    "1772000000000000_99999999999999999999", "²", "٣", "-99999999999999_1", "NaN_1", "1e400_1",
    "9999-12-31", "0001-01-01", "2026-02-30", "257",
)
# fmt: on
VALUES = st.sampled_from(ODD) | st.text(max_size=12)


@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@example(query={"cursor": "1772000000000000_99999999999999999999"})
@example(query={"cursor": "9" * 30, "view": "decided"})
@example(query={"size": "²", "source": "²"})
@given(query=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4))
def test_nonsense_in_the_address_is_passed_over(busy: Visitor, query: dict[str, str]) -> None:
    answer = busy.client.get("/queue", query_string=query)
    assert answer.status_code == (400 if any("\x00" in one for one in query.values()) else 200)


@pytest.fixture
def busy(console: Console) -> Visitor:
    """A moderator before a queue with something in it, who may ask as often as they like."""
    limits = console.settings.policy.limits.model_copy(update={"pages": "100000 per minute"})
    made = console.app.extensions["console"]
    policy = made.policy.model_copy(update={"limits": limits})
    console.app.extensions["console"] = replace(made, policy=policy)
    console.world.hit()
    console.world.decide(console.world.hit(), "confirm")
    return console.signed_in("mona")


@only("sqlite")
def test_the_fragment_is_what_the_page_includes(console: Console, mona: Visitor) -> None:
    console.world.hit()
    page = mona.get("/queue").text
    fragment = mona.get("/queue", htmx=True).text
    assert "<html" not in fragment
    rows = fragment[fragment.index("<tbody>") : fragment.index("</tbody>")].split()
    assert " ".join(rows) in " ".join(page.split())
