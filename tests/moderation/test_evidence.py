"""What speaks for a match and against it, without the value of a fingerprint."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from exchange.records import Member, PeerVote, Vote
from matching.fingerprint import Algorithm, Fingerprint
from moderation import evidence, priority
from moderation.content import Print
from moderation.evidence import Evidence, Here
from moderation.queue import Nearness
from store.entry import Entry
from store.hit import Hit, Match
from tests.moderation.outcomes import list_one, picture, post, rule, withdraw
from tests.world import START, World, near, pdq, record


def _evidence(world: World, hit_id: int) -> tuple[Evidence, ...]:
    query = (
        select(Hit)
        .where(Hit.id == hit_id)
        .options(
            selectinload(Hit.matches).options(
                joinedload(Match.entry).joinedload(Entry.source),
                joinedload(Match.entry).selectinload(Entry.votes),
                joinedload(Match.entry).selectinload(Entry.cases),
            )
        )
    )
    with world.database.read() as session:
        return evidence.of_hit(session, session.scalars(query).one(), world.policy)


def _vote(vote: Vote, member: str, algorithm: str = "pdq", *reasons: str) -> PeerVote:
    return PeerVote(algorithm, vote, Member(member, f"Member {member}"), reasons, START)


@pytest.fixture
def value() -> bytes:
    """What the entries of a test are near to."""
    return pdq()


def test_how_near_it_is_and_which_bits_differ(world: World, value: bytes) -> None:
    list_one(world, value)
    content = near(value, 12)
    (one,) = _evidence(world, post(world, content))
    assert (one.distance, one.threshold, one.bits) == (12, 31, 256)
    assert (one.nearness, one.quality, one.algorithm) == (Nearness.NEAR, 90, "pdq")
    assert one.difference == bytes(a ^ b for a, b in zip(content, value, strict=True))
    assert (one.source, one.registry_kind, one.member) == ("Take It Down", "ncmec", "Take It Down")
    assert (one.entry, one.classification_code) == ("one", "A1")
    assert one.classification == world.policy.plain_words("A1")


def test_an_exact_algorithm_has_no_bits_to_show(world: World) -> None:
    md5 = b"m" * 16
    world.list_entries(record(md5, algorithm=Algorithm.MD5))
    world.post(Print(Fingerprint(Algorithm.MD5, md5)))
    (one,) = _evidence(world, 1)
    assert (one.distance, one.difference, one.quality) == (0, None, None)
    assert one.nearness is Nearness.EXACT


def test_what_other_members_say_of_this_algorithm(world: World, value: bytes) -> None:
    votes = (
        _vote(Vote.AFFIRMATIVE, "7"),
        _vote(Vote.AFFIRMATIVE, "8"),
        _vote(Vote.NEGATIVE, "9", "pdq", "Wrong", "Plain"),
        _vote(Vote.NEGATIVE, "5", "md5", "Other"),
    )
    world.list_entries(record(value, votes=votes))
    (one,) = _evidence(world, post(world, value))
    assert (one.peers.confirmed, one.peers.disputed) == (2, 1)
    assert one.peers.dispute_reasons == ("Wrong", "Plain")


def test_how_the_entry_and_its_whole_source_stand_decided_here(world: World, value: bytes) -> None:
    list_one(world, value)
    for number, verdict in enumerate(("confirm", "remove", "dispute", "dispute")):
        world.decide(post(world, value, 3, f"post-{number}"), verdict)
    world.decide(world.hit(distance=3), "remove")
    (one,) = _evidence(world, 1)
    assert one.here == Here(1, 1, 2)
    assert one.source_here == Here(1, 2, 2)


def test_of_an_entry_that_matches_much_the_latest_matches_count(
    world: World, value: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_one(world, value)
    for number, verdict in enumerate(("confirm", "remove", "dispute", "dispute")):
        world.decide(post(world, value, 3, f"post-{number}"), verdict)
        world.later(seconds=1)
    monkeypatch.setattr(priority, "LATEST", 3)
    (one,) = _evidence(world, 1)
    assert one.here == Here(0, 1, 2)


def test_that_the_entry_is_suspected_and_why(world: World, value: bytes) -> None:
    rule(world, "suspicion", disputed_by_peers=1)
    list_one(world, value)
    hit = post(world, value)
    assert _evidence(world, hit)[0].review_only is None
    world.list_entries(record(value, entry_id="one", votes=(_vote(Vote.NEGATIVE, "9"),)))
    assert _evidence(world, hit)[0].review_only == "disputed by 1 other members or more"


def test_that_it_was_withdrawn_or_says_something_else_now(world: World, value: bytes) -> None:
    world.list_entries(
        record(value, entry_id="stays"),
        record(near(value, 2), entry_id="changes"),
        record(near(value, 4), entry_id="goes"),
    )
    hit = post(world, value)
    world.list_entries(record(pdq(), entry_id="changes"))
    withdraw(world, "goes")
    found = _evidence(world, hit)
    states = {one.entry: (one.changed, one.withdrawn_at is not None) for one in found}
    assert states == {"stays": (False, False), "changes": (True, False), "goes": (False, True)}


def test_a_copy_of_what_was_removed_names_its_hit(world: World, value: bytes) -> None:
    list_one(world, near(value, 20))
    first = post(world, value, 0, "first")
    world.decide(first, "remove")
    world.refresh_index()
    copy = post(world, value, 0, "copy")
    names = {one.removed_in for one in _evidence(world, copy)}
    assert names == {None, f"H-{first}"}


def test_no_value_of_a_fingerprint_is_in_it(world: World, value: bytes) -> None:
    list_one(world, value)
    content = near(value, 12)
    world.post(picture(content))
    shown = str(_evidence(world, 1)).lower()
    for secret in (value, content):
        assert secret.hex() not in shown
        assert repr(secret).lower() not in shown
