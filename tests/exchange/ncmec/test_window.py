"""The window: whatever pages, faults and restarts occur, every entry comes and time never returns.

The machine drives the real client against the service over HTTP, with clocks that disagree.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from exchange.errors import ExchangeError, Refused, Unavailable
from exchange.ncmec import NcmecClient
from exchange.ncmec.assumed import BEGINNING, SETTLE
from exchange.ncmec.window import Window
from exchange.records import Checkpoint, EntryRecord
from exchange.timestamps import read_utc
from tests.exchange.conftest import QUICK
from tests.exchange.ncmec.documents import listing_document
from tests.exchange.ncmec.records import START, entry, later
from tests.exchange.ncmec.service import CREDENTIALS, Service
from tests.exchange.server import Reply, Server

FAULTS = [
    Reply(500),
    Reply(429, headers={"Retry-After": "1"}),
    Reply(503, b"<html>down</html>"),
    Reply(400, b"begin again"),
    Reply(404),
    Reply(302, headers={"Location": "http://127.0.0.1:1/"}),
    Reply(200, listing_document([entry("never")]), cut=60),
    Reply(200, listing_document([entry("never")])[:-5]),
    Reply(200, b"<html>sign in</html>"),
    Reply(200, noise=b"not HTTP at all\r\n\r\n"),
]


def load(checkpoint: Checkpoint | None) -> Checkpoint | None:
    """The checkpoint after a night in the database."""
    stored: Checkpoint | None = json.loads(json.dumps(checkpoint))
    return stored


class Reading(RuleBasedStateMachine):
    """A registry that changes while it is read, by a reader that is killed at any point."""

    server: Server
    client: NcmecClient
    checkpoint: Checkpoint | None = None
    since = BEGINNING

    @initialize(skew=st.sampled_from([-3600, -30, 0, 0, 30, 3600]))
    def begin(self, skew: int) -> None:
        self.service = Service()
        self.server.reset()
        self.server.answer = self.service.answer
        self.skew = timedelta(seconds=skew)
        self.held: dict[str, EntryRecord] = {}

    @property
    def now(self) -> datetime:
        return self.service.now + self.skew

    @rule(name=st.integers(0, 25), withdrawn=st.booleans(), seconds=st.floats(0, 4))
    def change(self, name: int, withdrawn: bool, seconds: float) -> None:
        """Somebody submits, updates or withdraws an entry."""
        self.service.now += timedelta(seconds=seconds)
        changed = entry(f"entry-{name}", withdrawn=withdrawn)
        if withdrawn:
            changed = replace(changed, fingerprints=(), classification=None)
        self.service.put(changed)

    @rule(hours=st.sampled_from([0.001, 0.1, 1.0, 11.0, 13.0]))
    def wait(self, hours: float) -> None:
        self.service.now += timedelta(hours=hours)

    @rule(fault=st.sampled_from(FAULTS))
    def stumble(self, fault: Reply) -> None:
        self.server.faults.append(fault)

    @rule()
    def forget(self) -> None:
        self.service.forget()

    @rule(applied=st.booleans())
    def fetch(self, applied: bool) -> None:
        """One page; where not `applied`, the reader is killed before its transaction ends."""
        with suppress(ExchangeError):
            self.step(applied=applied)

    @rule()
    def read_all(self) -> None:
        """Untroubled, the reader ends up holding exactly what the registry holds."""
        self.server.faults.clear()
        self.service.now += timedelta(minutes=11) + SETTLE + max(-self.skew, timedelta())
        # Twice: a window that stood open is closed first; what came after it is in the next.
        for _ in range(2):
            pages = 1
            while self.step(applied=True):
                pages += 1
                assert pages < 50, "the window never ends"
        assert self.held == {one.entry_id: one for one in self.service.rows.values()}

    def step(self, *, applied: bool) -> bool:
        page = self.client.fetch(load(self.checkpoint), self.now)
        if applied:
            self.held |= {one.entry_id: one for one in page.entries}
            self.checkpoint = page.checkpoint
        return page.more

    @invariant()
    def never_back(self) -> None:
        since = BEGINNING if self.checkpoint is None else read_utc(self.checkpoint["since"])
        assert since >= self.since
        if self.checkpoint is not None:
            assert since <= self.service.now - SETTLE, "claims what the registry has not finished"
        self.since = since

    def teardown(self) -> None:
        if hasattr(self, "service"):
            self.read_all()


@pytest.fixture(scope="module")
def reading() -> Iterator[type[Reading]]:
    with Server() as server, NcmecClient(server.url, CREDENTIALS, limits=QUICK) as client:
        yield type("Reading", (Reading,), {"server": server, "client": client})


def test_every_entry_arrives_and_the_checkpoint_never_returns(reading: type[Reading]) -> None:
    run_state_machine_as_test(
        reading, settings=settings(max_examples=60, stateful_step_count=30, deadline=None)
    )


def test_a_window_that_moves_too_early_is_caught(
    reading: type[Reading], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: with each page's end taken for the window's, entries are lost, and seen to be."""

    def hasty(self: Window, following: str | None, now: datetime) -> Window:
        return Window(self.until, self.until)

    monkeypatch.setattr(Window, "after", hasty)
    machine = reading()
    machine.begin(skew=0)
    for name in range(10):
        machine.change(name, withdrawn=False, seconds=1)
    with pytest.raises(AssertionError):
        machine.read_all()


def test_a_window_that_trusts_our_clock_is_caught(
    reading: type[Reading], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: our clock runs a minute ahead, and what is submitted in that minute is lost."""
    monkeypatch.setattr(Window, "begun", lambda self, _: self)
    machine = reading()
    machine.begin(skew=60)
    machine.change(1, withdrawn=False, seconds=1)
    machine.fetch(applied=True)
    machine.change(2, withdrawn=False, seconds=1)
    with pytest.raises(AssertionError):
        machine.read_all()


def test_the_first_window_is_everything_until_five_seconds_ago() -> None:
    window = Window.load(None).at(later(0.9))
    assert (window.since, window.until) == (BEGINNING, START - timedelta(seconds=5))


def test_bounds_stay_while_pages_follow_and_move_when_they_end() -> None:
    window = Window(START, START).at(later(600))
    onward = window.after("/v2/entries?2", later(600))
    assert (onward.since, onward.until) == (window.since, window.until)
    assert Window.load(load(onward.dump())) == onward
    assert onward.at(later(700)) == onward
    done = onward.after(None, later(800))
    assert (done.since, done.until, done.next) == (window.until, window.until, None)


@pytest.mark.parametrize(("hours", "kept"), [(11.9, True), (12.1, False)])
def test_a_next_is_used_for_twelve_hours_then_the_same_window_begins_anew(
    hours: float, kept: bool
) -> None:
    window = Window(START, later(600), "/v2/entries?2", later(600))
    resumed = window.at(later(600 + hours * 3600))
    assert (resumed.next is not None) is kept
    assert (resumed.since, resumed.until) == (window.since, window.until)


def test_a_clock_set_back_reads_nothing_and_loses_nothing() -> None:
    window = Window(START, START)
    assert window.at(later(-86_400)).empty
    assert window.at(later(-86_400)) == window
    assert window.at(later(4.9)).empty


def test_a_server_that_refuses_every_next_is_not_asked_in_a_loop() -> None:
    once = Window(START, later(600), "/v2/entries?2", later(600))
    assert once.may_restart(later(601))
    twice = once.restarted().after("/v2/entries?2", later(601))
    assert not twice.may_restart(later(602))
    assert twice.may_restart(later(1300))


def test_a_window_never_claims_more_than_the_servers_clock_allows() -> None:
    ahead = Window(START, later(600)).begun(later(500))
    assert ahead.after(None, later(605)).since == later(495)
    behind = Window(START, later(600)).begun(later(9999))
    assert behind.after(None, later(605)).since == later(600)
    nonsense = Window(START, later(600)).begun(later(-9999))
    assert nonsense.after(None, later(605)).since == START


@pytest.mark.parametrize(
    "foreign",
    [
        {},
        {"since": 5, "until": None, "next": None, "next_at": None, "again": 0, "sure": None},
        {"nextSetTimestamp": 12},
        [],
        "2026-03-01T12:00:00Z",
    ],
)
def test_a_foreign_checkpoint_is_refused(foreign: Checkpoint) -> None:
    with pytest.raises(Refused, match="checkpoint"):
        Window.load(foreign)


def test_a_naive_now_is_a_mistake_of_the_caller(reading: type[Reading]) -> None:
    with pytest.raises(ValueError, match="without a zone"):
        reading.client.fetch(None, START.replace(tzinfo=None))


def test_a_refused_next_begins_the_same_window_at_once(
    server: Server, service: Service, client: NcmecClient
) -> None:
    for name in range(7):
        service.put(entry(f"entry-{name}"))
    service.now = later(60)
    first = client.fetch(None, service.now)
    service.forget()
    again = client.fetch(load(first.checkpoint), service.now)
    assert again.entries == first.entries
    assert again.more
    assert again.checkpoint["until"] == first.checkpoint["until"]
    service.forget()
    with pytest.raises(Unavailable, match="begun anew already"):
        client.fetch(load(again.checkpoint), service.now)
    assert [request.query["to"] for request in server.requests] == ["2026-03-01T12:00:55Z"] * 4


def test_a_page_that_names_itself_is_unavailable(
    server: Server, service: Service, client: NcmecClient
) -> None:
    loop = "/v2/entries?start=7"
    checkpoint = Window(START, later(600), loop, later(600)).dump()
    server.faults.append(Reply(200, listing_document([entry()], loop)))
    with pytest.raises(Unavailable, match="itself"):
        client.fetch(checkpoint, later(601))
    assert service.rows == {}
