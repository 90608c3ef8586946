"""An entry that matches too much or is disputed too often does nothing by itself any more."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from exchange.records import MediaKind, Member, PeerVote, Vote
from moderation import check, passes, suspicion
from moderation.check import Answer
from moderation.content import Item
from moderation.suspicion import LiftRefused
from store.content import Content
from store.entry import Entry
from tests.moderation.outcomes import (
    PLATFORM,
    entry_row,
    hit_row,
    lines,
    list_one,
    picture,
    post,
    rows,
    rule,
    take_back,
)
from tests.world import START, World, near, pdq, record


def _votes(vote: Vote, *members: str) -> tuple[PeerVote, ...]:
    return tuple(PeerVote("pdq", vote, Member(one, one), (), START) for one in members)


def _lift(world: World, login: str = "lena") -> None:
    entry, person = entry_row(world), world.people[login]
    with world.database.write() as session:
        suspicion.lift(session, entry.id, person, world.policy, world.now)


def _suspected(world: World, entry_id: str = "one") -> str | None:
    return entry_row(world, entry_id).review_only_reason


@pytest.fixture
def value(world: World) -> bytes:
    """What the entry `one` lists, and a policy with limits that a test can reach."""
    rule(world, "suspicion", matches_per_day=3, disputed_here=2, disputed_by_peers=2)
    listed = pdq()
    list_one(world, listed)
    return listed


# --- it matches too widely


def test_an_entry_that_matches_too_much_within_a_day(world: World, value: bytes) -> None:
    for number in range(3):
        assert _suspected(world) is None
        post(world, value, 3, f"post-{number}")
    assert _suspected(world) == "matched 3 items or more within a day"
    assert entry_row(world).review_only_at == world.now
    (line,) = lines(world, "entry.review-only")
    assert (line.actor, line.subject) == ("system:suspicion", "entry:1/1/one")
    assert line.details == {"reason": "matched 3 items or more within a day"}


def test_what_matched_before_today_does_not_count(world: World, value: bytes) -> None:
    for number in range(4):
        post(world, value, 3, f"post-{number}")
        world.later(hours=13)
    assert _suspected(world) is None


def test_one_item_that_matches_again_and_again_is_one(world: World, value: bytes) -> None:
    for distance in range(1, 5):
        post(world, value, distance, "the same")
    assert _suspected(world) is None


def test_a_sweep_that_finds_too_much_suspects_too_and_holds_nothing(world: World) -> None:
    rule(world, "suspicion", matches_per_day=3)
    list_one(world, pdq(), "first")
    value = pdq()
    for number in range(4):
        post(world, value, 0, f"post-{number}")
    list_one(world, value)
    assert _suspected(world) is not None
    assert rows(world, PLATFORM) == []


# --- it is disputed


def test_an_entry_that_is_disputed_here_too_often(world: World, value: bytes) -> None:
    for number in range(2):
        assert _suspected(world) is None
        world.decide(post(world, value, 3, f"post-{number}"), "dispute")
    assert _suspected(world) == "disputed here 2 times or more"


def test_a_dispute_that_was_undone_does_not_count(world: World, value: bytes) -> None:
    first = post(world, value, 3, "first")
    world.decide(first, "dispute")
    take_back(world, first)
    world.decide(first, "confirm")
    world.decide(post(world, value, 3, "second"), "dispute")
    assert _suspected(world) is None


@pytest.mark.parametrize(
    ("vote", "members", "suspected"),
    [
        (Vote.NEGATIVE, ("7", "8"), True),
        (Vote.NEGATIVE, ("7", "7"), False),
        (Vote.AFFIRMATIVE, ("7", "8", "9"), False),
    ],
)
def test_an_entry_that_other_members_dispute(
    world: World, value: bytes, vote: Vote, members: tuple[str, ...], suspected: bool
) -> None:
    world.list_entries(record(value, entry_id="one", votes=_votes(vote, *members)))
    assert (_suspected(world) == "disputed by 2 other members or more") is suspected


# --- what that means


def test_nothing_happens_by_itself_because_of_it_and_people_still_see_it(
    world: World, value: bytes
) -> None:
    world.list_entries(record(value, entry_id="one", votes=_votes(Vote.NEGATIVE, "7", "8")))
    hit = post(world, value)
    assert hit_row(world, hit).state == "open"
    assert rows(world) == []
    item = Item("upload", MediaKind.IMAGE, (picture(value),))
    answers = check.check(world.database, world.directory, world.policy, [item], world.now).answers
    assert [one.answer for one in answers] == [Answer.ALLOW]
    world.decide(hit, "remove")
    assert [row.action for row in rows(world, PLATFORM)] == ["remove", "refuse-fingerprint"]


# --- a lead says that it is in order


def test_what_counted_until_a_lead_cleared_it_counts_no_more(world: World, value: bytes) -> None:
    for number in range(3):
        post(world, value, 3, f"post-{number}")
    world.later(minutes=1)
    _lift(world)
    entry = entry_row(world)
    assert (entry.review_only_at, entry.review_only_reason) == (None, None)
    assert entry.trusted_at == world.now
    (line,) = lines(world, "entry.trusted")
    assert (line.actor, line.details["was"]) == (
        "person:lena",
        "matched 3 items or more within a day",
    )
    world.later(minutes=1)
    for number in range(3, 6):
        assert _suspected(world) is None
        post(world, value, 3, f"post-{number}")
    assert _suspected(world) is not None


def test_what_waits_because_of_it_is_held_again(world: World, value: bytes) -> None:
    world.list_entries(record(value, entry_id="one", votes=_votes(Vote.NEGATIVE, "7", "8")))
    post(world, value, 0, "exact")
    post(world, value, 3, "near")
    decided = post(world, value, 0, "decided")
    world.decide(decided, "confirm")
    assert rows(world, PLATFORM) == []
    _lift(world)
    (held,) = rows(world, PLATFORM)
    assert (held.action, held.subject) == ("hold", "content:exact")


def test_disputes_and_votes_from_before_count_no_more_either(world: World, value: bytes) -> None:
    for number in range(2):
        world.decide(post(world, value, 3, f"post-{number}"), "dispute")
    world.later(hours=1)
    _lift(world)
    world.later(hours=1)
    votes = _votes(Vote.NEGATIVE, "7", "8")  # cast before
    world.list_entries(record(value, entry_id="one", votes=votes))
    world.decide(post(world, value, 3, "later"), "dispute")
    assert _suspected(world) is None


@pytest.mark.parametrize("login", ["mona", "amir", "ada"])
def test_who_may_not_say_so(world: World, value: bytes, login: str) -> None:
    world.list_entries(record(value, entry_id="one", votes=_votes(Vote.NEGATIVE, "7", "8")))
    with pytest.raises(LiftRefused, match="Your role"):
        _lift(world, login)
    assert _suspected(world) is not None


def test_there_is_nothing_to_clear_on_others(world: World, value: bytes) -> None:
    with pytest.raises(LiftRefused, match="not for review only"):
        _lift(world)
    lead = world.people["lena"]
    with world.database.write() as session, pytest.raises(LiftRefused):
        suspicion.lift(session, 404, lead, world.policy, world.now)


# --- several at once


def test_passes_and_disputes_at_once_do_not_wait_for_each_other(world: World, value: bytes) -> None:
    """Passes keep entries as they are, suspicion changes them, decisions hold hits: no deadlock."""
    list_one(world, near(value, 3), "two")
    hits = [post(world, value, 1, f"disputed-{number}") for number in range(4)]
    ids = [world.take(picture(near(value, 2)), platform_id=f"new-{n}") for n in range(12)]
    assert world.people["mona"].login
    failed: list[BaseException] = []

    def noting(work: object, *arguments: object) -> threading.Thread:
        def run() -> None:
            try:
                work(*arguments)  # type: ignore[operator]
            except BaseException as error:  # noqa: BLE001 - told by the test
                failed.append(error)

        return threading.Thread(target=run)

    def match(mine: list[int]) -> None:
        for one in mine:
            passes.match_whole(world.database, world.directory, world.policy, [one], world.now)

    def dispute() -> None:
        for hit in hits:
            world.decide(hit, "dispute")

    hands = [noting(match, ids[::2]), noting(match, ids[1::2]), noting(dispute)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join(60)
    assert failed == []
    with world.database.read() as session:
        pending = session.scalars(select(Content.id).where(Content.matched_version.is_(None)))
        assert pending.all() == []
    post(world, value, 2, "one more")
    with world.database.read() as session:
        assert None not in session.scalars(select(Entry.review_only_at)).all()
    assert len(lines(world, "entry.review-only")) == 2


def test_counted_from_the_day_of_the_match(world: World, value: bytes) -> None:
    post(world, value, 3, "early")
    post(world, value, 3, "early too")
    world.now += timedelta(days=1)
    post(world, value, 3, "a day later")
    assert _suspected(world) is not None, "the day is inclusive"
    with world.database.read() as session:
        assert session.scalars(select(Entry.trusted_at)).all() == [None]
