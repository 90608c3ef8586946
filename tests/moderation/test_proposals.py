"""What was proposed: which of it stands, whose it is, and when a second person is wanted."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from config.policy import SecondPerson
from exchange.records import Member, PeerVote, Vote
from moderation import proposals
from store.database import Database
from store.hit import Decision, Hit
from store.proposal import Proposal
from tests.moderation.outcomes import newest_on, picture
from tests.world import START, World, near, pdq, record


def _wanted(world: World, hit: int, verdict: str, together: int, rules: SecondPerson) -> str | None:
    with world.database.read() as session:
        row = session.scalar(select(Hit).where(Hit.id == hit).options(selectinload(Hit.matches)))
        assert row is not None
        return proposals.wanted(session, row, verdict, together, rules)


@pytest.fixture
def hits(world: World) -> dict[Vote | None, int]:
    """A hit on an entry that a peer confirmed, one that a peer disputed, one without votes."""
    found: dict[Vote | None, int] = {}
    for vote in (Vote.AFFIRMATIVE, Vote.NEGATIVE, None):
        value = pdq()
        votes = (PeerVote("pdq", vote, Member("7", "Peer"), (), START),) if vote else ()
        world.list_entries(record(value, votes=votes))
        found[vote] = newest_on(world, world.post(picture(near(value, 3))))
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    vote=st.sampled_from([Vote.AFFIRMATIVE, Vote.NEGATIVE, None]),
    verdict=st.sampled_from(["confirm", "remove", "dispute"]),
    together=st.integers(1, 200),
    asks=st.booleans(),
    over=st.none() | st.integers(1, 200),
)
def test_a_second_person_is_wanted_exactly_as_the_policy_says(
    world: World,
    hits: dict[Vote | None, int],
    vote: Vote | None,
    verdict: str,
    together: int,
    asks: bool,
    over: int | None,
) -> None:
    rules = SecondPerson(dispute_of_confirmed=asks, bulk_over=over)
    why = _wanted(world, hits[vote], verdict, together, rules)
    bulk = over is not None and together > over
    dispute = asks and verdict == "dispute" and vote is Vote.AFFIRMATIVE
    assert (why is not None) == (bulk or dispute)
    if bulk:
        assert why == f"more than {over} hits at once"


# --- what stands


def _propose(database: Database, hit: int, person: int, verdict: str, world: World) -> None:
    with database.write() as session:
        session.add(
            Proposal(
                hit_id=hit,
                person_id=person,
                verdict=verdict,
                reason="different-content",
                registry_reason="",
                note="",
                why="others have confirmed this entry",
                proposed_at=world.now,
            )
        )
        session.get_one(Hit, hit).proposer_id = person


def _standing(world: World, hit: int) -> list[tuple[str, str]]:
    with world.database.read() as session:
        return [(one.person.login, one.verdict) for one in proposals.standing(session, hit)]


def _by(world: World, login: str) -> list[int]:
    """The hits for which this person's proposal stands."""
    condition = proposals.proposed_by(world.people[login].id)
    with world.database.read() as session:
        return list(session.scalars(select(Hit.id).where(condition).order_by(Hit.id)))


@pytest.fixture
def two(world: World) -> tuple[int, int]:
    """Two hits; of the first Mona and then Milan see it differently, of the second Mona speaks."""
    first, second = world.hit(), world.hit()
    mona, milan = world.people["mona"].id, world.people["milan"].id
    _propose(world.database, first, mona, "dispute", world)
    _propose(world.database, first, milan, "remove", world)
    _propose(world.database, second, mona, "dispute", world)
    return first, second


def test_the_oldest_stands_first_and_each_has_its_person(
    world: World, two: tuple[int, int]
) -> None:
    first, second = two
    assert _standing(world, first) == [("mona", "dispute"), ("milan", "remove")]
    assert _standing(world, second) == [("mona", "dispute")]
    assert (_by(world, "mona"), _by(world, "milan")) == ([first, second], [first])


def test_a_decision_settles_those_of_its_hit_and_taking_it_back_lets_them_stand(
    world: World, two: tuple[int, int]
) -> None:
    first, second = two
    world.decide(first, "remove", "lena")
    assert (_standing(world, first), _by(world, "milan")) == ([], [])
    assert _standing(world, second) == [("mona", "dispute")]
    with world.database.write() as session:
        hit = session.scalars(
            select(Hit)
            .where(Hit.id == first)
            .options(selectinload(Hit.decisions), joinedload(Hit.content))
        ).one()
        proposals.stand_again(session, hit, hit.decisions[-1])
        assert hit.proposer_id == world.people["milan"].id
    assert _standing(world, first) == [("mona", "dispute"), ("milan", "remove")]
    assert (_by(world, "mona"), _by(world, "milan")) == ([first, second], [first])


def test_what_an_earlier_decision_settled_stays_settled(world: World, two: tuple[int, int]) -> None:
    first, _ = two
    world.decide(first, "remove", "lena")
    other = Decision(hit_id=first, decided_at=world.now + timedelta(seconds=1))
    with world.database.write() as session:
        proposals.stand_again(session, session.get_one(Hit, first), other)
    assert _standing(world, first) == []
