"""A list is read page by page; killed, repeated, doubled or disordered, it ends at the truth."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from exchange.errors import Refused, Unavailable
from exchange.records import Checkpoint, EntryRecord, Member, Page, PeerVote, Problem, Vote
from matching.fingerprint import Algorithm, Fingerprint
from moderation import audit, sources, sync
from moderation.content import Print
from moderation.sync import Fetch
from store.entry import Entry, EntryFingerprint
from store.hit import Hit
from store.source import Source, SyncProblem, SyncRun
from tests.moderation.listing import BEGINNING, Deadly, Killed, Listing, page
from tests.world import START, World, pdq, record

ROOT = Path(__file__).resolve().parents[2]
A_PEER = PeerVote("pdq", Vote.AFFIRMATIVE, Member("7", "Peer"), (), START)


def _source(world: World) -> Source:
    with world.database.read() as session:
        return session.scalars(select(Source).order_by(Source.id.desc())).first()  # type: ignore[return-value]


def _sync(world: World, fetch: Fetch, source_id: int | None = None) -> int | None:
    return sync.sync(
        world.database, source_id or _source(world).id, fetch, world.policy, clock=world.clock
    )


def _apply(world: World, *records: EntryRecord) -> sync.Tally:
    """What one page with these records changes."""
    with world.database.write() as session:
        source = session.scalars(select(Source)).one()
        return sync.apply_entries(session, source, records, world.policy, world.now)


def _entries(world: World, source_id: int | None = None) -> list[Entry]:
    query = select(Entry).options(selectinload(Entry.fingerprints), selectinload(Entry.votes))
    if source_id is not None:
        query = query.where(Entry.source_id == source_id)
    with world.database.read() as session:
        return list(session.scalars(query.order_by(Entry.entry_id)))


def _one(world: World) -> Entry:
    (entry,) = _entries(world)
    return entry


def _active(entry: Entry) -> set[bytes]:
    return {row.value for row in entry.fingerprints if not row.retired}


def _runs(world: World) -> list[SyncRun]:
    with world.database.read() as session:
        return list(session.scalars(select(SyncRun).order_by(SyncRun.id)))


def _pages(*pages: Page) -> Fetch:
    """A registry that has these pages and then nothing new."""

    def fetch(checkpoint: Checkpoint | None, _now: datetime) -> Page:
        place = int(checkpoint["place"]) if checkpoint else 0
        return pages[place] if place < len(pages) else page((), place=place)

    return fetch


# --- pages and checkpoints


def test_pages_are_read_to_the_end_and_the_checkpoint_moves_with_each(world: World) -> None:
    fetch = _pages(page([record(pdq())], more=True), page([record(pdq())], place=2))
    _sync(world, fetch)
    source, (run,) = _source(world), _runs(world)
    assert (source.checkpoint, source.checkpoint_serial) == ({"place": 2}, 2)
    assert source.synced_at == world.now
    assert (run.pages, run.added, run.error, run.finished_at) == (2, 2, None, world.now)
    assert len(_entries(world)) == 2


def test_a_window_that_is_not_read_to_its_end_is_no_sync(world: World) -> None:
    def fetch(checkpoint: Checkpoint | None, _now: datetime) -> Page:
        if checkpoint:
            raise Unavailable("the registry is away")
        return page([record(pdq())], more=True)

    with pytest.raises(Unavailable):
        _sync(world, fetch)
    assert _source(world).synced_at is None
    assert len(_entries(world)) == 1, "what was read is kept"
    assert _runs(world)[0].error == "the registry is away"
    _sync(world, _pages(page([]), page([record(pdq())], place=2)))
    assert len(_entries(world)) == 2, "and the next one goes on from there"
    assert _source(world).synced_at == world.now


def test_killed_while_a_page_is_applied_neither_it_nor_its_checkpoint_stands(world: World) -> None:
    good = page([record(pdq())], more=True)
    bad = Page((record(pdq()),), Deadly(), {"place": 2}, more=False)
    with pytest.raises(Killed):
        _sync(world, _pages(good, bad))
    assert len(_entries(world)) == 1
    assert _source(world).checkpoint == {"place": 1}


def test_a_fault_of_ours_is_seen_where_people_look(world: World) -> None:
    def broken(_checkpoint: Checkpoint | None, _now: datetime) -> Page:
        raise KeyError("no such thing: " + "ab" * 32)

    with pytest.raises(KeyError):
        _sync(world, broken)
    (run,) = _runs(world)
    assert run.finished_at is not None
    assert run.error == "a fault of ours, KeyError: see the log"


def test_a_second_reading_changes_nothing(world: World) -> None:
    listed = [record(pdq(), votes=(A_PEER,)), record(pdq())]
    _sync(world, _pages(page(listed)))
    before = [(one.id, one.changed_at, _active(one)) for one in _entries(world)]
    world.later(hours=1)
    _sync(world, _pages(page([]), page(listed, place=2)))
    assert [(one.id, one.changed_at, _active(one)) for one in _entries(world)] == before
    assert (_runs(world)[1].unchanged, _runs(world)[1].changed) == (2, 0)


def test_of_two_syncs_at_once_each_page_is_applied_by_one(world: World) -> None:
    """The second one reads the whole list while the first one waits for its first page."""
    fetch = _pages(page([record(pdq())], more=True), page([record(pdq())], place=2))

    def slow(checkpoint: Checkpoint | None, now: datetime) -> Page:
        _sync(world, fetch)
        return page([record(pdq(), entry_id="from a page that came too late")])

    _sync(world, slow)
    assert _source(world).checkpoint_serial == 2
    assert "from a page that came too late" not in {one.entry_id for one in _entries(world)}
    late, fast = _runs(world)
    assert (late.pages, fast.pages) == (0, 2)
    assert late.error is None


def test_threads_that_read_the_same_list_leave_it_once(world: World) -> None:
    listing = Listing()
    listing.states += [record(pdq(), at=BEGINNING + timedelta(seconds=n)) for n in range(1, 8)]
    source_id = _source(world).id
    threads = [
        threading.Thread(target=_sync, args=(world, listing.fetch, source_id)) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(_entries(world)) == 7
    assert sum(run.added for run in _runs(world)) == 7


def test_a_source_that_is_paused_or_gone_is_not_asked(world: World) -> None:
    def fetch(_checkpoint: Checkpoint | None, _now: datetime) -> Page:
        raise AssertionError("asked")

    with world.database.write() as session:
        sources.set_paused(session, "Take It Down", paused=True, actor="t", now=world.now)
    assert _sync(world, fetch) is None
    assert _sync(world, fetch, source_id=404) is None


def test_what_cannot_be_read_is_named_up_to_a_bound_and_counted_beyond(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "KEPT_PROBLEMS", 3)
    problems = tuple(Problem(f"fault {number}", "m" * 255, "e" * 255) for number in range(2))
    first, second = ({"place": 1}, {"place": 2})
    _sync(world, _pages(Page((), problems, first, more=True), Page((), problems, second, False)))
    with world.database.read() as session:
        kept = [row.what for row in session.scalars(select(SyncProblem).order_by(SyncProblem.id))]
    assert kept == ["fault 0", "fault 1", "fault 0"]
    assert _runs(world)[0].problems == 4


def test_a_failure_before_the_first_page_is_recorded(world: World) -> None:
    sync.note_failure(world.database, _source(world).id, "the secret is not set", world.now)
    (run,) = _runs(world)
    assert (run.error, run.finished_at) == ("the secret is not set", world.now)


def test_the_log_tells_of_changes_and_of_failures_and_of_nothing_else(world: World) -> None:
    _sync(world, _pages(page([record(pdq())])))
    _sync(world, _pages(page([])))

    def refused(_checkpoint: Checkpoint | None, _now: datetime) -> Page:
        raise Refused("wrong password")

    with pytest.raises(Refused):
        _sync(world, refused)
    with world.database.read() as session:
        told = [(line.action, line.details) for line in audit.lines(session)]
    synced = [details for action, details in told if action == "source.synced"]
    failed = [details for action, details in told if action == "source.sync-failed"]
    assert [details["added"] for details in synced] == [1]
    assert [details["error"] for details in failed] == ["wrong password"]


# --- entries


def test_an_update_is_the_whole_entry(world: World) -> None:
    old, kept, new = pdq(), pdq(), pdq()
    _apply(world, record(old, kept, entry_id="one", votes=(A_PEER,)))
    before = {row.value: row.id for row in _one(world).fingerprints}
    world.later(hours=1)
    tally = _apply(world, record(kept, new, entry_id="one", at=START + timedelta(hours=1)))
    entry = _one(world)
    assert (tally.changed, entry.changed_at) == (1, world.now)
    assert _active(entry) == {kept, new}
    assert {row.value for row in entry.fingerprints if row.retired} == {old}
    assert {row.id for row in entry.fingerprints if row.value == kept} == {before[kept]}
    assert entry.votes == []


def test_votes_are_kept_with_who_when_and_why_and_replaced(world: World) -> None:
    no = PeerVote("sha1", Vote.NEGATIVE, Member("9", "Other"), ("Wrong", "Plain"), START)
    _apply(world, record(pdq(), entry_id="one", votes=(A_PEER, no)))
    said = {(vote.algorithm, vote.vote, vote.member_name) for vote in _one(world).votes}
    assert said == {("pdq", "affirmative", "Peer"), ("sha1", "negative", "Other")}
    (negative,) = (vote for vote in _one(world).votes if vote.vote == "negative")
    assert (negative.reasons, negative.voted_at) == (["Wrong", "Plain"], START)
    same = record(*_active(_one(world)), entry_id="one", votes=(no,))
    assert _apply(world, same).changed == 1
    assert [vote.member_id for vote in _one(world).votes] == ["9"]


def test_a_tombstone_takes_the_entry_from_the_list_and_keeps_the_row(world: World) -> None:
    at = START + timedelta(minutes=1)
    _apply(world, record(pdq(), entry_id="one"))
    assert _apply(world, record(entry_id="one", withdrawn=True, at=at)).withdrawn == 1
    entry = _one(world)
    assert (entry.withdrawn_at, _active(entry)) == (at, set())
    assert _apply(world, record(entry_id="one", withdrawn=True, at=at)).unchanged == 1


def test_after_a_whole_reading_what_it_did_not_name_is_off_the_list(world: World) -> None:
    """Also more of it than one statement takes, and only that of this source."""
    old, new = START, START + timedelta(hours=1)
    other = world.source("Another").id
    kept = record(pdq(), entry_id="kept", at=new)
    gone = [record(pdq(), entry_id=f"gone-{number}", at=old) for number in range(450)]
    _sync(world, _pages(page(gone[:1])), other)
    world.list_entries(replace(kept, timestamp=old), *gone)
    world.post(Print(gone[1].fingerprints[0], 90))
    first = page([kept], more=True)
    last = replace(page((), place=2), gone_before=new)
    with world.database.read() as session:
        source_id = sources.by_name(session, "Take It Down").id
    _sync(world, _pages(first, last), source_id)
    entries = {entry.entry_id: entry for entry in _entries(world, source_id)}
    assert entries.pop("kept").withdrawn_at is None
    assert {entry.withdrawn_at for entry in entries.values()} == {new}
    assert not any(map(_active, entries.values()))
    assert _runs(world)[-1].withdrawn == len(gone)
    (elsewhere,) = _entries(world, other)
    assert elsewhere.withdrawn_at is None
    with world.database.read() as session:
        assert session.scalars(select(Hit.state)).all() == ["withdrawn"]


def test_a_listing_anew_counts_as_new_fingerprints(world: World) -> None:
    """So that the index takes them in again and a sweep holds them against what is there."""
    value = pdq()
    _apply(world, record(value, entry_id="one"))
    _apply(world, record(entry_id="one", withdrawn=True))
    _apply(world, record(value, entry_id="one"))
    entry = _one(world)
    assert (entry.withdrawn_at, _active(entry)) == (None, {value})
    assert [row.retired for row in entry.fingerprints] == [True, False]


def test_a_tombstone_for_an_unknown_entry_keeps_an_older_state_out(world: World) -> None:
    later = START + timedelta(minutes=1)
    assert _apply(world, record(entry_id="one", withdrawn=True, at=later)).withdrawn == 1
    assert _apply(world, record(pdq(), entry_id="one", at=START)).unchanged == 1
    assert (_one(world).withdrawn_at, _active(_one(world))) == (later, set())


def test_a_second_tombstone_keeps_out_what_lies_between_the_two(world: World) -> None:
    _apply(world, record(pdq(), entry_id="one"))
    for minutes in (1, 3):
        at = START + timedelta(minutes=minutes)
        _apply(world, record(entry_id="one", withdrawn=True, at=at))
    _apply(world, record(pdq(), entry_id="one", at=START + timedelta(minutes=2)))
    assert _one(world).withdrawn_at is not None


def test_an_older_state_that_comes_later_changes_nothing(world: World) -> None:
    new, old = pdq(), pdq()
    _apply(world, record(new, entry_id="one", at=START + timedelta(seconds=1)))
    assert _apply(world, record(old, entry_id="one", at=START)).unchanged == 1
    assert _active(_one(world)) == {new}


@pytest.mark.parametrize("newest_first", [True, False])
def test_of_an_entry_twice_in_a_page_the_newer_state_counts(
    world: World, newest_first: bool
) -> None:
    new, old = pdq(), pdq()
    states = [
        record(new, entry_id="one", at=START + timedelta(seconds=1)),
        record(old, entry_id="one", at=START),
    ]
    tally = _apply(world, *(states if newest_first else reversed(states)))
    assert (_active(_one(world)), tally.added) == ({new}, 1)


def test_without_a_time_the_later_word_counts(world: World) -> None:
    first, second = pdq(), pdq()
    _apply(world, record(first, entry_id="one", at=None), record(second, entry_id="one", at=None))
    assert _active(_one(world)) == {second}
    _apply(world, record(first, entry_id="one", at=None))
    assert _active(_one(world)) == {first}


def test_the_same_value_twice_in_an_entry_is_one_fingerprint(world: World) -> None:
    value = pdq()
    _apply(world, record(value, value))
    assert len(_one(world).fingerprints) == 1


def test_entries_of_members_and_sources_are_kept_apart_by_id(world: World) -> None:
    _apply(world, record(pdq(), entry_id="one", member="1"))
    _apply(world, record(pdq(), entry_id="one", member="2"))
    _apply(world, record(entry_id="one", member="2", withdrawn=True))
    first, second = sorted(_entries(world), key=lambda one: one.member_id)
    assert (first.withdrawn_at is None, second.withdrawn_at is None) == (True, False)


def test_the_longest_names_that_the_exchange_lets_through_find_room(world: World) -> None:
    long = "ä" * 255
    vote = PeerVote("x" * 30, Vote.NEGATIVE, Member(long, long), (long,), START)
    whole = EntryRecord(
        Member(long, long),
        long,
        record().kind,
        START,
        classification=long,
        fingerprints=(Fingerprint(Algorithm.PDQ, pdq()),),
        omitted=(long,),
        votes=(vote,),
    )
    assert _apply(world, whole).added == 1


# --- any sequence of pages, kills and repeats

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("change"), st.sampled_from("abcde"), st.integers(0, 3)),
        st.tuples(st.just("withdraw"), st.sampled_from("abcde"), st.just(0)),
        st.tuples(st.just("sync"), st.just(""), st.just(0)),
        st.tuples(st.just("cut off"), st.just(""), st.integers(0, 2)),
        st.tuples(st.just("killed"), st.just(""), st.integers(0, 2)),
        st.tuples(st.just("at once"), st.just(""), st.integers(0, 2)),
    ),
    max_size=14,
)
VALUES = [pdq() for _ in range(4)]


def _interrupted(listing: Listing, after: int, how: Callable[[Page], Page]) -> Fetch:
    """The listing, with something happening to the page after `after` good ones."""
    count = 0

    def fetch(checkpoint: Checkpoint | None, now: datetime) -> Page:
        nonlocal count
        count += 1
        answer = listing.fetch(checkpoint, now)
        return answer if count <= after else how(answer)

    return fetch


def _cut_off(_page: Page) -> Page:
    raise Unavailable("cut off")


def _deadly(answer: Page) -> Page:
    return Page(answer.entries, Deadly(), answer.checkpoint, answer.more)


def _state(entry: Entry) -> tuple[bool, frozenset[bytes], frozenset[str]]:
    votes = frozenset() if entry.withdrawn_at else frozenset(v.member_id for v in entry.votes)
    return entry.withdrawn_at is None, frozenset(_active(entry)), votes


def _truth(state: EntryRecord) -> tuple[bool, frozenset[bytes], frozenset[str]]:
    values = frozenset(one.value for one in state.fingerprints)
    return not state.withdrawn, values, frozenset(vote.member.id for vote in state.votes)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS, seed=st.integers(0, 99))
def test_whatever_happens_on_the_way_the_list_ends_as_the_registry_has_it(
    world: World, steps: list[tuple[str, str, int]], seed: int
) -> None:
    source_id = world.source(f"source {len(_runs(world))}.{seed}").id
    listing = Listing()
    listing.dice.seed(seed)
    for what, entry_id, number in steps:
        at = listing.now + timedelta(seconds=1)
        if what == "change":
            votes = (A_PEER,) if number % 2 else ()
            values = VALUES[: number + 1]
            listing.states.append(record(*values, entry_id=entry_id, at=at, votes=votes))
        elif what == "withdraw":
            listing.states.append(record(entry_id=entry_id, at=at, withdrawn=True))
        elif what == "sync":
            _sync(world, listing.fetch, source_id)
        elif what == "at once":

            def overtaken(answer: Page) -> Page:
                _sync(world, listing.fetch, source_id)
                return answer

            _sync(world, _interrupted(listing, number, overtaken), source_id)
        else:
            how = _cut_off if what == "cut off" else _deadly
            with pytest.raises((Unavailable, Killed)):
                _sync(world, _interrupted(listing, number, how), source_id)
                raise Killed  # the list ended before that page
    _sync(world, listing.fetch, source_id)  # to the end of a window that was left open
    _sync(world, listing.fetch, source_id)
    held = {entry.entry_id: _state(entry) for entry in _entries(world, source_id)}
    assert held == {key: _truth(state) for key, state in listing.newest().items()}


# --- a real process, really killed

KILLED = """
import os, signal, sys
from config.policy import load_policy
from config.settings import SHIPPED_POLICY
from exchange.records import EntryRecord, MediaKind, Member, Page
from matching.fingerprint import Algorithm, Fingerprint
from moderation import sync
from store.database import Database

class Deadly(tuple):
    def __getitem__(self, place):
        os.kill(os.getpid(), signal.SIGKILL)

def fetch(checkpoint, now):
    place = checkpoint["place"] if checkpoint else 0
    entries = tuple(
        EntryRecord(Member("1", "M"), f"{place}.{n}", MediaKind.IMAGE, None,
                    fingerprints=(Fingerprint(Algorithm.MD5, bytes([place, n] * 8)),))
        for n in range(3)
    )
    return Page(entries, Deadly() if place == 2 and deadly else (), {"place": place + 1}, place < 3)

deadly = sys.argv[3] == "deadly"
policy = load_policy([SHIPPED_POLICY])
sync.sync(Database(sys.argv[1]), int(sys.argv[2]), fetch, policy)
"""


def test_a_process_that_is_killed_in_the_middle_of_a_page_is_followed_by_one_that_ends(
    world: World,
) -> None:
    def run(how: str) -> int:
        command = [sys.executable, "-c", KILLED, world.database.url, str(_source(world).id), how]
        return subprocess.run(command, cwd=ROOT, timeout=60, check=False).returncode

    assert run("deadly") == -signal.SIGKILL
    assert (len(_entries(world)), _source(world).checkpoint) == (6, {"place": 2})
    assert run("whole") == 0
    assert (len(_entries(world)), _source(world).checkpoint) == (12, {"place": 4})
    with world.database.read() as session:
        values = list(session.scalars(select(EntryFingerprint.value)))
    assert len(values) == len(set(values)) == 12
