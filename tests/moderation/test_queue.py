"""The queue: in order of urgency, every filter, pages that are complete and repeat nothing."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from exchange.records import MediaKind
from matching.fingerprint import Algorithm, Fingerprint
from moderation import queue, queue_filters, queue_order
from moderation.clock import ClockState
from moderation.content import Print
from moderation.counting import Count, capped
from moderation.queue import Filters, Nearness, QueueRow, View
from store.hit import Hit, Match
from tests.world import START, World, near, pdq, record


def _page(
    world: World, filters: Filters, cursor: str | None = None, size: int = 25, login: str = "mona"
) -> tuple[list[QueueRow], str | None]:
    person = world.people[login]
    with world.database.read() as session:
        page = queue.rows(
            session, filters, person, world.policy, cursor=cursor, size=size, now=world.now
        )
    return list(page.rows), page.next_cursor


def _all(world: World, filters: Filters, size: int = 25, login: str = "mona") -> list[QueueRow]:
    """Every page, one after the other."""
    found, cursor = _page(world, filters, None, size, login)
    while cursor is not None:
        rows, cursor = _page(world, filters, cursor, size, login)
        found += rows
    return found


def _ids(world: World, **filters: object) -> list[int]:
    return [row.id for row in _all(world, Filters(**filters))]  # type: ignore[arg-type]


def _hit(
    world: World,
    distance: int,
    *,
    source: str = "Take It Down",
    kind: MediaKind = MediaKind.IMAGE,
    **named: str,
) -> int:
    value = pdq()
    world.list_entries(record(value, entry_id=named.get("entry_id")), source=source)
    printed = Print(Fingerprint(Algorithm.PDQ, near(value, distance)), 90)
    world.post(
        printed, kind=kind, platform_id=named.get("platform_id"), uploader=named.get("uploader")
    )
    with world.database.read() as session:
        return session.scalars(select(Hit.id).order_by(Hit.id.desc())).first() or 0


@pytest.fixture
def hall(world: World) -> World:
    """Hits of every kind: near and far, old and new, of two sources, held, decided, withdrawn."""
    world.source("Another")
    _hit(world, 25, platform_id="old and far", uploader="u-1")
    _hit(world, 0, source="Another", kind=MediaKind.VIDEO, uploader="u-1")
    world.later(hours=17)
    _hit(world, 16)
    _hit(world, 17, source="Another")
    world.claim(_hit(world, 0))  # and lets the lease run out
    for verdict in ("confirm", "remove", "dispute"):
        world.decide(_hit(world, 5, uploader="u-1"), verdict)
        world.later(minutes=1)
    world.decide(2, "confirm")  # an old one, closed last
    _hit(world, 0, entry_id="goes")
    world.list_entries(record(entry_id="goes", withdrawn=True))
    world.later(hours=2, microseconds=123_457)
    _hit(world, 0)
    world.claim(_hit(world, 0))
    world.claim(_hit(world, 3), "milan")
    world.later(minutes=5)
    _hit(world, 20)
    _mark(world)
    for corner in (*View, *Nearness, ClockState.ON_TIME, ClockState.AT_RISK):
        name = {View: "view", Nearness: "nearness", ClockState: "clock"}[type(corner)]
        assert _ids(world, **{name: corner}), f"nothing is {corner}"
    return world


def _mark(world: World) -> None:
    """Marks for a lead's eye on some hits of each state, however they come about."""
    with world.database.write() as session:
        for hit in session.scalars(select(Hit)):
            if hit.id % 2:
                hit.escalated_at = hit.unsupported_at = world.now
            else:
                hit.paused_at, hit.review_reason = world.now, "a share"


def _everything(world: World) -> list[Hit]:
    query = select(Hit).options(
        joinedload(Hit.content), selectinload(Hit.matches).joinedload(Match.entry)
    )
    with world.database.read() as session:
        return list(session.scalars(query))


def _seen(world: World, hit: Hit, filters: Filters) -> bool:
    """Whether a filter lets a hit through, in the plainest words."""
    now, me = world.now, world.people["mona"].id
    held = hit.holder_id == me and hit.lease_until is not None and hit.lease_until > now
    in_view = {
        View.OPEN: hit.state == "open",
        View.MINE: hit.state == "open" and held,
        View.DECIDED: hit.state == "decided",
        View.WITHDRAWN: hit.state == "withdrawn",
        View.ESCALATED: hit.state == "open" and hit.escalated_at is not None,
        View.PAUSED: hit.state == "open" and hit.paused_at is not None,
        View.REVIEW: hit.state == "decided" and hit.review_reason is not None,
        View.UNSUPPORTED: hit.state == "decided" and hit.unsupported_at is not None,
        View.ALL: True,
    }[filters.view]
    band = "exact" if hit.nearest == 0 else "near" if hit.nearest <= 16 else "far"
    at = hit.paused_at or now
    clock = "breached" if at >= hit.due_at else "at-risk" if at >= hit.at_risk_at else "on-time"
    entries = [match.entry for match in hit.matches]
    names = {f"H-{hit.id}", hit.content.platform_id, *(entry.entry_id for entry in entries)}
    moment = hit.closed_at if filters.view.closed else hit.opened_at
    day = moment.date() if moment else date.min
    return (
        in_view
        and filters.nearness in (None, band)
        and filters.clock in (None, clock)
        and filters.kind in (None, hit.content.kind)
        and filters.source in (None, *(entry.source_id for entry in entries))
        and filters.algorithm in (None, *(match.algorithm for match in hit.matches))
        and (filters.least or 0) <= hit.nearest <= (256 if filters.most is None else filters.most)
        and filters.surface in ("", hit.content.surface)
        and filters.uploader in ("", hit.content.uploader)
        and filters.entry in ("", *(entry.entry_id for entry in entries))
        and (filters.since or date.min) <= day <= (filters.until or date.max)
        and filters.q in ("", *names)
    )


DAYS = st.none() | st.sampled_from([START.date() + timedelta(days=n) for n in (-1, 0, 1)])
FILTERS = st.builds(
    Filters,
    view=st.sampled_from(View),
    source=st.none() | st.sampled_from([1, 2, 404]),
    nearness=st.none() | st.sampled_from(Nearness),
    algorithm=st.sampled_from([None, None, "pdq", "md5"]),
    least=st.sampled_from([None, None, 0, 5]),
    most=st.sampled_from([None, None, 5, 20]),
    clock=st.none() | st.sampled_from(ClockState),
    kind=st.none() | st.sampled_from(MediaKind),
    surface=st.sampled_from(["", "", "feed", "profile"]),
    uploader=st.sampled_from(["", "", "u-1", "u-2"]),
    entry=st.sampled_from(["", "", "", "goes"]),
    since=DAYS,
    until=DAYS,
    q=st.sampled_from(["", "", "", "H-1", "old and far", "goes", "nobody's"]),
)
NARROW = [(1_000, 20_000), (0, 2)]
"""How many are few, and how far a page looks: as it is, and so little that every page is cut."""


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(filters=FILTERS, size=st.integers(1, 5), limits=st.sampled_from(NARROW))
@example(filters=Filters(view=View.ALL, q="goes"), size=1, limits=NARROW[1])
def test_pages_hold_every_hit_that_the_filters_let_through_once_and_in_order(
    hall: World, filters: Filters, size: int, limits: tuple[int, int]
) -> None:
    expected = [hit for hit in _everything(hall) if _seen(hall, hit, filters)]
    if filters.view is View.ALL:
        expected.sort(key=lambda hit: -hit.id)
    elif filters.view.closed:
        expected.sort(key=lambda hit: (hit.closed_at, hit.id), reverse=True)
    else:
        expected.sort(key=lambda hit: (hit.urgent_at, hit.id))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(queue_filters, "FEW", limits[0])
        patch.setattr(queue_order, "WINDOW", limits[1])
        assert [row.id for row in _all(hall, filters, size)] == [hit.id for hit in expected]


def test_a_page_looks_at_so_many_hits_and_says_where_to_look_on(
    hall: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_order, "WINDOW", 3)
    rows, cursor = _page(hall, Filters(view=View.ALL, uploader="nobody", surface="profile"))
    assert (rows, cursor) == ([], None)  # few are looked up, so that nothing is left to look at
    rows, cursor = _page(hall, Filters(view=View.ALL, surface="profile"))
    assert rows == []
    assert cursor is not None


def test_hits_of_one_moment_are_told_apart_by_their_number(world: World) -> None:
    hits = [_hit(world, 20) for _ in range(5)]
    assert [row.id for row in _all(world, Filters(), size=2)] == hits


NONSENSE = (
    *("", "x", "_", "1", "1_", "_1", "x_1", "1_x", "1_2_3", "-1_1", "1_-1", "1.5_1", "²_²"),
    *("9" * 30 + "_1", "1_" + "9" * 30, "-" + "9" * 18 + "_1", "\0", "0x1_1", "1_1\0"),
)


def test_a_cursor_that_is_nonsense_is_a_page_and_no_error(world: World) -> None:
    for cursor in NONSENSE:
        for view in View:
            assert _page(world, Filters(view=view), cursor) == ([], None)


def test_a_hit_is_found_by_its_reference_or_its_contents_id(world: World) -> None:
    hit = _hit(world, 0, platform_id="old and far")
    _hit(world, 0)
    for q in ("H-1", "h-1", " 1 ", "old and far", " old and far "):
        assert _ids(world, q=q) == [hit]
    for q in ("H-", "H-" + "9" * 30, "%", "old", "H-1 or 1=1", "²"):
        assert _ids(world, q=q) == []


def test_a_hit_is_found_by_the_cases_in_which_its_entry_was_reported(world: World) -> None:
    value, other = pdq(), pdq()
    asked_for, both = str(uuid4()), str(uuid4())
    world.list_entries(record(value, entry_id="one", cases=(asked_for, both)))
    world.list_entries(record(other, entry_id="two", cases=(both,)))
    for one in (value, other):
        world.post(Print(Fingerprint(Algorithm.PDQ, one), 90))
    assert _ids(world, q=asked_for) == [1]
    assert sorted(_ids(world, q=both)) == [1, 2]
    assert _ids(world, q=str(uuid4())) == []
    world.list_entries(record(other, entry_id="two", cases=(asked_for,)))
    assert sorted(_ids(world, q=asked_for)) == [1, 2], "as the registry lists it now"
    assert _ids(world, q=both) == [1]
    world.list_entries(record(entry_id="one", withdrawn=True))
    assert _ids(world, view=View.ALL, q=both) == [1], "a case is asked about afterwards too"


def test_a_row_says_what_the_hit_is(world: World) -> None:
    world.source("Another")
    value = pdq()
    world.list_entries(record(near(value, 3)))
    world.list_entries(record(near(value, 9)), source="Another")
    world.post(Print(Fingerprint(Algorithm.PDQ, value), 90), platform_id="post")
    world.claim(1, "milan")
    ((row,), _) = _page(world, Filters())
    assert (row.name, row.state, row.content_id, row.kind) == ("H-1", "open", "post", "image")
    assert (row.surface, row.sources) == ("feed", ("Take It Down", "Another"))
    assert row.classification == "Younger child, most severe category"
    assert (row.nearness, row.nearest, row.matches) == (Nearness.NEAR, 3, 2)
    assert (row.algorithms, row.holder, row.mine) == (("pdq",), "Milan", False)
    assert (row.opened_at, row.due_at, row.clock) == (
        START,
        START + timedelta(hours=24),
        ClockState.ON_TIME,
    )
    assert _page(world, Filters(), login="milan")[0][0].mine
    world.later(minutes=15)
    assert _page(world, Filters())[0][0].holder is None


def test_a_closed_hit_keeps_the_clock_it_was_closed_at(world: World) -> None:
    world.decide(_hit(world, 0), "confirm")
    world.later(days=5)
    ((row,), _) = _page(world, Filters(view=View.DECIDED))
    assert (row.clock, row.verdict, row.closed_at) == (ClockState.ON_TIME, "confirm", START)


def _counts(world: World) -> queue.Counts:
    person = world.people["mona"]
    with world.database.read() as session:
        return queue.counts(session, person, world.now)


def test_counts_are_of_open_hits(hall: World) -> None:
    for hours in (0, 5, 24):
        hall.later(hours=hours)
        seen = {view: len(_ids(hall, view=view)) for view in (View.OPEN, View.MINE)}
        clocks = {clock: len(_ids(hall, clock=clock)) for clock in ClockState}
        assert _counts(hall) == queue.Counts(
            open=Count(seen[View.OPEN]),
            mine=Count(seen[View.MINE]),
            at_risk=Count(clocks[ClockState.AT_RISK]),
            breached=Count(clocks[ClockState.BREACHED]),
        )
    running = [hit for hit in _everything(hall) if hit.state == "open" and hit.paused_at is None]
    assert _counts(hall).breached.number == len(running) > 0


def test_counts_go_no_further_than_their_cap(hall: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "CAP", 1)
    monkeypatch.setattr(capped, "__defaults__", (1,))
    hall.later(hours=20)
    counted = _counts(hall)
    assert (str(counted.open), str(counted.at_risk), str(counted.mine)) == ("1+", "1+", "0")
