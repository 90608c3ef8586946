"""A window read page by page: complete, without repeats, and not in order of time."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.records import MediaKind
from registry.database import Database
from registry.tables import Member
from registry.window import Window, count_entries, read_page
from registry.wire import parse_time
from tests.registry.conftest import MakeRegistry, parts
from tests.registry.lists import Reader, error_of, fill, wire, withdraw_all

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@contextmanager
def _listed(offsets: list[int]) -> Iterator[tuple[Database, list[str]]]:
    """A list with an entry for each offset in seconds from START."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'r.sqlite'}")
        database.create()
        with database.writing() as (session, _):
            session.add(Member(id=43, name="Peer"))
        app = Flask("stand-in")
        app.extensions["registry"] = type("Only", (), {"database": database})
        yield database, fill(app, [START + timedelta(seconds=o) for o in offsets])
        database.close()


@settings(max_examples=30, deadline=None)
@given(
    offsets=st.lists(st.integers(0, 6), max_size=25),
    edges=st.tuples(st.integers(-1, 7), st.integers(-1, 7)).map(sorted),
    size=st.integers(1, 8),
)
def test_every_entry_of_a_window_is_seen_once(
    offsets: list[int], edges: list[int], size: int
) -> None:
    window = Window(*(START + timedelta(seconds=edge) for edge in edges))
    with _listed(offsets) as (database, ids):
        seen: list[str] = []
        with database.reading() as session:
            page, place = read_page(session, window, size)
            seen += [entry.entry_id for entry in page]
            while place:
                assert len(page) == size
                page, place = read_page(session, window, size, place)
                seen += [entry.entry_id for entry in page]
            assert count_entries(session, window) == len(seen)
        inside = [i for i, o in zip(ids, offsets, strict=True) if edges[0] < o <= edges[1]]
        assert sorted(seen) == sorted(inside)


def test_entries_come_out_of_time_order_the_same_each_time(registry: Flask) -> None:
    ids = fill(registry, [START + timedelta(seconds=i) for i in range(60)])
    reader = Reader(registry)
    order = [seen.entry_id for seen in reader.window()]
    assert sorted(order) == sorted(ids)
    assert order != ids
    assert order != ids[::-1]
    assert order == [seen.entry_id for seen in reader.window()]


def test_from_is_exclusive_and_to_inclusive(registry: Flask) -> None:
    _, second, third, _ = fill(registry, [START + timedelta(seconds=i) for i in range(4)])
    seen = Reader(registry).window(wire(START), wire(START + timedelta(seconds=2)))
    assert {each.entry_id for each in seen} == {second, third}


def test_paging_goes_on_undisturbed_while_the_list_changes(
    registry_database_url: str, make_registry: MakeRegistry
) -> None:
    """New entries, votes and withdrawals come after the window: none is lost, none comes twice."""
    registry = make_registry(registry_database_url, page_size=10)
    ids = fill(registry, [START + timedelta(seconds=i % 7) for i in range(60)])
    reader = Reader(registry)
    until = wire(datetime.now(UTC))
    seen: list[str] = []
    for number, page in enumerate(reader.pages(until=until)):
        seen += [element.findtext("{*}id") or "" for element in page.iterfind(".//{*}image")]
        if number == 1:
            fresh = fill(registry, [datetime.now(UTC) + timedelta(seconds=1)] * 5)
        if number == 2:
            unread = sorted(set(ids) - set(seen))
            voted, gone = unread[0], unread[1]
            assert reader.vote(43, voted, "PDQ", "<affirmative/>").status_code == 200
            withdraw_all(registry, [gone], datetime.now(UTC) + timedelta(seconds=1))
    assert len(seen) == len(set(seen))
    assert set(seen) == set(ids) - {voted, gone}
    later = {each.entry_id: each.tag for each in reader.window(after=until)}
    assert later == dict.fromkeys([voted, *fresh], "image") | {gone: "deletedImage"}


def test_a_page_tells_how_much_there_is(
    registry_database_url: str, make_registry: MakeRegistry
) -> None:
    registry = make_registry(registry_database_url, page_size=4)
    fill(registry, [START] * 6)
    fill(registry, [START + timedelta(seconds=5)] * 3, kind=MediaKind.VIDEO)
    pages = list(Reader(registry).pages())
    shown = [
        sum(int(group.attrib["count"]) for group in page.iterfind("{*}*[@count]")) for page in pages
    ]
    assert shown == [4, 4, 1]
    following = pages[0].findtext("{*}paging/{*}next") or ""
    assert following.startswith("/v2/entries?from=1970-01-01T00:00:00Z&to=")
    assert "&start=5&size=4&max=9&" in following
    for page in pages:
        for group in page.iterfind("{*}*[@count]"):
            stamps = [stamp.text or "" for stamp in group.iterfind("{*}*/{*}timestamp")]
            assert group.attrib.get("maxTimestamp", "") == max(stamps, default="")
    assert pages[-1].find("{*}paging") is None


def test_an_empty_window_has_no_max_timestamp(registry: Flask) -> None:
    (page,) = Reader(registry).pages()
    assert [group.attrib for group in page] == [{"count": "0"}] * 2


@pytest.mark.parametrize(
    "query",
    [
        "",
        "from=2026-03-01T12:00:00Z",
        "to=2026-03-01T12:00:00Z",
        "from=2026-03-01T12:00:00&to=2026-03-01T12:00:00Z",
        "from=2026-03-01T12:00:00.5Z&to=2026-03-01T12:00:01Z",
        "from=2026-03-01T12:00:00%2B02:00&to=2026-03-01T12:00:01Z",
        "from=2026-3-1T12:00:00Z&to=2026-03-01T12:00:01Z",
        "from=2026-02-30T12:00:00Z&to=2026-03-01T12:00:01Z",
        "from=2026-03-01T12:00:60Z&to=2026-03-01T13:00:01Z",
        "from=٢٠٢٦-03-01T12:00:00Z&to=2026-03-01T13:00:01Z",
        "from=1700000000&to=1800000000",
        "from=2026-03-01T12:00:01Z&to=2026-03-01T12:00:00Z",
        "from=2026-03-01T12:00:00Z&to=2026-03-01T12:00:01Z&to=2026-03-01T12:00:02Z",
        "from=2026-03-01T12:00:00Z&to=2026-03-01T12:00:01Z&start=1&size=1000&max=9",
    ],
)
def test_a_malformed_window_is_refused(refusing: Flask, query: str) -> None:
    response = Reader(refusing).get(f"/v2/entries?{query}")
    assert response.status_code == 400
    assert error_of(response)


def test_a_stamp_is_later_than_any_window_that_has_ended(registry: Flask) -> None:
    with parts(registry).database.writing() as (_, stamp):
        now = datetime.now(UTC)
        assert now < stamp <= now + timedelta(seconds=1)
    assert parse_time(wire(stamp)) == stamp, "whole seconds"
