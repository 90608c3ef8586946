"""The second pair of eyes: what asks for another person, who that can be, and who settles."""

from datetime import timedelta

import pytest

from exchange.records import Member, PeerVote, Vote
from moderation import claims, decisions, groups, second
from moderation.claims import ClaimRefused
from moderation.decisions import Choice, DecisionRefused, Verdict
from moderation.groups import Because
from store.hit import Decision, Hit
from store.proposal import Proposal
from tests.moderation.outcomes import (
    hit_row,
    lines,
    newest_on,
    picture,
    reverse,
    rows,
    rule,
    take_back,
    withdraw,
)
from tests.world import START, World, choice, near, pdq, record

CONFIRMED = (PeerVote("pdq", Vote.AFFIRMATIVE, Member("7", "Peer"), (), START),)


@pytest.fixture
def world(world: World) -> World:
    """A world in which two people are asked for, and everybody is there."""
    rule(world, "second_person", dispute_of_confirmed=True)
    assert all(world.people[login].login == login for login in ("mona", "milan", "lena"))
    return world


@pytest.fixture
def hit(world: World) -> int:
    """A near hit on an entry that a peer has confirmed."""
    return confirmed_hit(world)


def confirmed_hit(world: World, entry_id: str = "one") -> int:
    """A near hit on a new entry that a peer has confirmed."""
    value = pdq()
    world.list_entries(record(value, entry_id=entry_id, votes=CONFIRMED))
    return newest_on(world, world.post(picture(near(value, 3))))


def say(world: World, hit: int, verdict: str, login: str = "mona") -> Decision | Proposal:
    """Claim a hit and decide it, or propose that."""
    lease = world.claim(hit, login)
    with world.database.write() as session:
        return second.decide_or_propose(
            session,
            hit,
            lease.number,
            world.people[login],
            choice(verdict),
            world.policy,
            world.now,
        )


def _decide(world: World, hit: int, number: int, login: str, verdict: str = "dispute") -> Decision:
    person = world.people[login]
    with world.database.write() as session:
        return decisions.decide(
            session, hit, number, person, choice(verdict), world.policy, world.now
        )


def _next(world: World, login: str) -> int | None:
    with world.database.write() as session:
        lease = claims.claim_next(session, world.people[login], world.policy, world.now)
    return lease.hit_id if lease else None


# --- what asks for a second person


def test_a_dispute_of_what_a_peer_confirmed_waits_and_nobody_is_told(
    world: World, hit: int
) -> None:
    before = rows(world)
    made = say(world, hit, "dispute")
    assert isinstance(made, Proposal)
    row = hit_row(world, hit)
    assert (row.state, row.verdict, row.holder_id, row.lease_until) == ("open", None, None, None)
    assert [(one.id, one.state) for one in rows(world)] == [(one.id, one.state) for one in before]
    (line,) = lines(world, "hit.proposed")
    assert (line.actor, line.subject) == ("person:mona", f"H-{hit}")
    assert line.details["verdict"] == "dispute"
    assert line.details["why"] == "others have confirmed this entry"
    assert lines(world, "hit.decided") == []


@pytest.mark.parametrize("earlier", ["confirm", "remove"])
def test_so_does_one_of_what_a_colleague_confirmed(world: World, earlier: str) -> None:
    value = pdq()
    world.list_entries(record(value, entry_id="one"))
    first, later = (newest_on(world, world.post(picture(near(value, 3)))) for _ in range(2))
    assert isinstance(say(world, first, earlier, "milan"), Decision)
    assert isinstance(say(world, later, "dispute"), Proposal)


@pytest.mark.parametrize("verdict", ["confirm", "remove"])
def test_to_agree_with_others_one_person_is_enough(world: World, hit: int, verdict: str) -> None:
    assert isinstance(say(world, hit, verdict), Decision)


def test_so_is_one_to_dispute_what_nobody_confirmed(world: World) -> None:
    assert isinstance(say(world, world.hit(distance=3), "dispute"), Decision)


def test_where_the_policy_does_not_ask_one_is_enough(world: World, hit: int) -> None:
    rule(world, "second_person", dispute_of_confirmed=False)
    assert isinstance(say(world, hit, "dispute"), Decision)


# --- never the same


@pytest.mark.parametrize("login", ["mona", "lena"])
def test_whoever_proposed_cannot_claim_it_again_not_even_a_lead(
    world: World, hit: int, login: str
) -> None:
    say(world, hit, "dispute", login)
    with pytest.raises(ClaimRefused, match="You have proposed a decision"):
        world.claim(hit, login)
    assert _next(world, login) is None
    assert _next(world, "milan") == hit


def test_nor_gets_it_handed_over(world: World, hit: int) -> None:
    say(world, hit, "dispute", "milan")
    world.claim(hit, "mona")
    with (
        pytest.raises(ClaimRefused, match="Milan has proposed a decision"),
        world.database.write() as session,
    ):
        claims.hand_over(session, hit, world.people["mona"], "milan", world.policy, world.now)
    assert hit_row(world, hit).holder_id == world.people["mona"].id


def test_nor_by_a_group(world: World, hit: int) -> None:
    say(world, hit, "dispute")
    with world.database.write() as session:
        covered = groups.decide(
            session,
            hit,
            Because.ENTRY,
            [hit],
            world.people["mona"],
            choice("dispute"),
            world.policy,
            world.now,
        )
    assert covered.decided == covered.proposed == ()
    assert covered.left_out[0][0] == f"H-{hit}"
    assert "You have proposed" in covered.left_out[0][1]
    assert len(lines(world, "hit.proposed")) == 1


def test_nor_decides_it_however_they_came_by_the_claim(world: World, hit: int) -> None:
    """The planted fault: the hit comes into the hands of its proposer."""
    say(world, hit, "dispute")
    lease = world.claim(hit, "milan")
    with world.database.write() as session:
        session.get_one(Hit, hit).holder_id = world.people["mona"].id
    with pytest.raises(DecisionRefused, match="You have proposed"):
        _decide(world, hit, lease.number, "mona")


def test_nor_reverses_alone_what_they_confirmed_first(world: World, hit: int) -> None:
    say(world, hit, "confirm")
    with pytest.raises(DecisionRefused, match="A second person is to look at this"):
        reverse(world, hit, "dispute", "mona")
    assert hit_row(world, hit).verdict == "confirm"
    reverse(world, hit, "dispute", "lena")
    assert hit_row(world, hit).verdict == "dispute"


def test_nor_a_lead_what_they_confirmed_first(world: World, hit: int) -> None:
    say(world, hit, "confirm", "lena")
    with pytest.raises(DecisionRefused, match="Ask a lead"):
        reverse(world, hit, "dispute", "lena")


def test_what_one_alone_confirmed_one_alone_reverses(world: World) -> None:
    """Nobody else has confirmed the entry: one's own decision on this hit does not count."""
    hit = world.hit(distance=3)
    say(world, hit, "confirm")
    reverse(world, hit, "dispute", "mona")
    assert hit_row(world, hit).verdict == "dispute"


def test_the_policy_decides_nothing_that_waits_for_people(world: World, hit: int) -> None:
    say(world, hit, "dispute")
    with pytest.raises(DecisionRefused, match="People work"), world.database.write() as session:
        decisions.decide_by_policy(session, hit, choice("remove"), world.policy, world.now)


# --- two people


def test_the_same_verdict_of_another_person_decides(world: World, hit: int) -> None:
    say(world, hit, "dispute")
    world.later(minutes=1)
    made = say(world, hit, "dispute", "milan")
    assert isinstance(made, Decision)
    assert made.person_id == world.people["milan"].id
    row = hit_row(world, hit)
    assert (row.state, row.verdict, row.proposer_id, row.for_lead) == (
        "decided",
        "dispute",
        None,
        False,
    )
    assert "negative" in {row.action for row in rows(world) if row.decision_id == made.id}


def test_another_verdict_goes_before_a_lead_and_nothing_is_decided(world: World, hit: int) -> None:
    say(world, hit, "dispute")
    assert isinstance(say(world, hit, "remove", "milan"), Proposal)
    row = hit_row(world, hit)
    assert (row.state, row.for_lead, row.escalated_reason) == ("open", True, second.DISAGREE)
    assert row.escalated_at == world.now
    assert [line.details["why"] for line in lines(world, "hit.proposed")] == [
        "others have confirmed this entry",
        second.DISAGREE,
    ]
    with pytest.raises(ClaimRefused):
        world.claim(hit, "milan")
    with pytest.raises(ClaimRefused):
        world.claim(hit, "mona")
    assert _next(world, "milan") is None


@pytest.mark.parametrize("verdict", ["dispute", "remove", "confirm"])
def test_a_lead_settles_it_as_they_see_it(world: World, hit: int, verdict: str) -> None:
    say(world, hit, "dispute")
    say(world, hit, "remove", "milan")
    assert _next(world, "lena") == hit
    assert isinstance(say(world, hit, verdict, "lena"), Decision)
    row = hit_row(world, hit)
    assert (row.verdict, row.for_lead, row.escalated_at) == (verdict, False, None)


def test_a_lead_who_is_one_of_the_two_does_not_settle_it(world: World, hit: int) -> None:
    say(world, hit, "dispute", "lena")
    say(world, hit, "remove", "milan")
    with pytest.raises(ClaimRefused, match="You have proposed"):
        world.claim(hit, "lena")
    assert _next(world, "lena") is None


def test_who_agrees_and_takes_it_back_is_still_one_of_two(world: World, hit: int) -> None:
    """Otherwise agreeing and undoing would be a way to decide otherwise alone."""
    say(world, hit, "dispute")
    say(world, hit, "dispute", "milan")
    lease = take_back(world, hit, "milan")
    assert hit_row(world, hit).proposer_id == world.people["mona"].id
    with pytest.raises(DecisionRefused, match="second person"):
        _decide(world, hit, lease.number, "milan", "confirm")
    assert isinstance(say(world, hit, "confirm", "milan"), Proposal)
    assert hit_row(world, hit).for_lead


def test_a_lead_who_settled_and_takes_it_back_leaves_it_to_leads(world: World, hit: int) -> None:
    say(world, hit, "dispute")
    say(world, hit, "remove", "milan")
    say(world, hit, "remove", "lena")
    take_back(world, hit, "lena")
    row = hit_row(world, hit)
    assert (row.for_lead, row.holder_id) == (True, world.people["lena"].id)


def test_taking_back_what_nobody_proposed_proposes_nothing(world: World, hit: int) -> None:
    say(world, hit, "confirm")
    take_back(world, hit)
    row = hit_row(world, hit)
    assert (row.proposer_id, row.for_lead) == (None, False)


# --- meanwhile


def test_an_entry_withdrawn_meanwhile_needs_nobody_any_more(world: World, hit: int) -> None:
    say(world, hit, "dispute")
    withdraw(world, "one")
    assert hit_row(world, hit).state == "withdrawn"
    with pytest.raises(ClaimRefused, match="withdrew"):
        world.claim(hit, "milan")
    assert _next(world, "milan") is None


def test_a_claim_that_ran_out_proposes_nothing(world: World, hit: int) -> None:
    lease = world.claim(hit)
    world.later(minutes=15)
    with pytest.raises(DecisionRefused, match="ran out"), world.database.write() as session:
        second.decide_or_propose(
            session,
            hit,
            lease.number,
            world.people["mona"],
            choice("dispute"),
            world.policy,
            world.now,
        )
    assert lines(world, "hit.proposed") == []
    assert hit_row(world, hit).proposer_id is None


def test_a_note_that_looks_like_a_fingerprint_is_not_proposed_either(
    world: World, hit: int
) -> None:
    lease = world.claim(hit)
    spoilt = Choice(Verdict.DISPUTE, "different-content", pdq().hex(), "")
    with pytest.raises(DecisionRefused, match="fingerprint"), world.database.write() as session:
        second.decide_or_propose(
            session, hit, lease.number, world.people["mona"], spoilt, world.policy, world.now
        )
    assert lines(world, "hit.proposed") == []


def test_the_clock_goes_on_while_it_waits(world: World, hit: int) -> None:
    due = hit_row(world, hit).due_at
    say(world, hit, "dispute")
    assert hit_row(world, hit).due_at == due == world.now + timedelta(hours=24)
