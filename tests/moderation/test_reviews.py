"""Looking again at what the policy decided: it stands, or it is decided otherwise."""

import pytest

from moderation import automatic, decisions, reviews
from moderation.decisions import DecisionRefused
from store.hit import Hit
from tests.moderation.outcomes import hit_row, lines, reverse, rule
from tests.world import World, choice


def _agree(world: World, hit: int, login: str = "mona", seen: int = 1) -> None:
    person = world.people[login]
    with world.database.write() as session:
        reviews.agree(session, hit, seen, person, world.now)


@pytest.fixture
def hit(world: World) -> int:
    """A hit that the policy decided and put before a person."""
    rule(world, "automatic", enabled=True, sample_share=1.0)
    number = world.hit()
    with world.database.write() as session:
        decisions.decide_by_policy(session, number, choice("remove"), world.policy, world.now)
        session.get_one(Hit, number).review_reason = automatic.SAMPLE
    return number


def test_a_person_says_that_it_stands(world: World, hit: int) -> None:
    _agree(world, hit)
    assert (hit_row(world, hit).review_reason, hit_row(world, hit).verdict) == (None, "remove")
    (line,) = lines(world, "hit.reviewed")
    assert (line.actor, line.subject, line.details) == (
        "person:mona",
        "H-1",
        {"decision": "D-1"},
    )
    with pytest.raises(DecisionRefused, match="waits for no review"):
        _agree(world, hit)


def test_who_disagrees_decides_otherwise_and_nothing_waits_any_more(world: World, hit: int) -> None:
    reverse(world, hit, "dispute", "mona")
    assert hit_row(world, hit).review_reason is None
    with pytest.raises(DecisionRefused, match="decided this hit again"):
        _agree(world, hit)
    with pytest.raises(DecisionRefused, match="waits for no review"):
        _agree(world, hit, "milan", seen=2)


def test_nobody_reviews_their_own(world: World) -> None:
    number = world.hit()
    world.decide(number, "remove")
    with world.database.write() as session:
        session.get_one(Hit, number).review_reason = "asked for"
    with pytest.raises(DecisionRefused, match="your own"):
        _agree(world, number)
    _agree(world, number, "milan")


@pytest.mark.parametrize("login", ["amir", "ada"])
def test_who_may_not(world: World, hit: int, login: str) -> None:
    with pytest.raises(DecisionRefused, match="Your role"):
        _agree(world, hit, login)
    assert hit_row(world, hit).review_reason == automatic.SAMPLE


def test_what_was_never_decided_is_not_reviewed(world: World) -> None:
    with pytest.raises(DecisionRefused):
        _agree(world, world.hit())
    with pytest.raises(DecisionRefused):
        _agree(world, 404)
