"""A hit belongs to whoever holds its lease: one person, for a time, and nobody is passed over."""

import threading
from datetime import timedelta

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from moderation import audit, claims, decisions, people
from moderation.claims import ClaimRefused, Lease
from moderation.decisions import DecisionRefused
from moderation.naming import hit_name
from store.hit import Decision, Hit
from tests.world import World, choice

CREW = ("mona", "milan", "lena")
PERSON, PLACE = st.sampled_from(CREW), st.integers(0, 2)


def _length(world: World) -> timedelta:
    return world.policy.lease.length


def _claim_next(world: World, login: str) -> Lease | None:
    with world.database.write() as session:
        return claims.claim_next(session, world.people[login], world.policy, world.now)


def _release(world: World, hit_id: int, login: str) -> None:
    with world.database.write() as session:
        claims.release(session, hit_id, world.people[login], world.now)


def _hand_over(world: World, hit_id: int, login: str, to: str) -> None:
    assert world.people[to].login == to
    with world.database.write() as session:
        claims.hand_over(session, hit_id, world.people[login], to, world.policy, world.now)


def _decide(world: World, hit_id: int, login: str, number: int) -> None:
    with world.database.write() as session:
        decisions.decide(
            session,
            hit_id,
            number,
            world.people[login],
            choice("confirm"),
            world.policy,
            world.now,
        )


def _hit(world: World, hit_id: int) -> Hit:
    with world.database.read() as session:
        return session.get_one(Hit, hit_id)


def _told(world: World, hit_id: int) -> list[tuple[str, str]]:
    with world.database.read() as session:
        lines = list(audit.lines(session, subject=hit_name(hit_id)))
    return [(line.actor, line.action) for line in lines if line.actor.startswith("person:")]


def test_a_claim_is_a_lease_of_the_policys_length(world: World) -> None:
    hit = world.hit()
    lease = world.claim(hit)
    assert lease == Lease(hit, 1, world.now + timedelta(minutes=15))
    assert _told(world, hit) == [("person:mona", "hit.claimed")]


def test_somebody_elses_hit_is_not_to_be_had_and_one_is_told_whose_it_is(world: World) -> None:
    hit = world.hit()
    world.claim(hit)
    with pytest.raises(ClaimRefused, match="Mona is working on this hit"):
        world.claim(hit, "milan")


def test_claiming_again_renews_the_same_lease(world: World) -> None:
    hit = world.hit()
    first = world.claim(hit)
    world.later(minutes=10)
    again = world.claim(hit)
    assert (again.number, again.until) == (first.number, first.until + timedelta(minutes=10))
    assert len(_told(world, hit)) == 1, "a renewal is not worth a line"


@pytest.mark.parametrize(("minutes", "free"), [(14.9, False), (15, True), (60, True)])
def test_a_lease_that_ran_out_is_free(world: World, minutes: float, free: bool) -> None:
    hit = world.hit()
    world.claim(hit)
    world.later(minutes=minutes)
    if free:
        assert world.claim(hit, "milan").number == 2
    else:
        with pytest.raises(ClaimRefused):
            world.claim(hit, "milan")


def test_a_hit_is_released_by_its_holder_or_by_a_lead(world: World) -> None:
    hit = world.hit()
    world.claim(hit)
    with pytest.raises(ClaimRefused, match="do not hold"):
        _release(world, hit, "milan")
    _release(world, hit, "mona")
    assert world.claim(hit, "milan").number == 2
    _release(world, hit, "lena")
    with pytest.raises(ClaimRefused, match="nothing to release"):
        _release(world, hit, "lena")
    actors = [actor for actor, action in _told(world, hit) if action == "hit.released"]
    assert actors == ["person:mona", "person:lena"]


def test_a_hit_is_handed_over_with_a_fresh_lease(world: World) -> None:
    hit = world.hit()
    old = world.claim(hit)
    world.later(minutes=10)
    _hand_over(world, hit, "mona", "milan")
    row = _hit(world, hit)
    assert (row.holder_id, row.lease_until) == (
        world.people["milan"].id,
        world.now + _length(world),
    )
    with pytest.raises(DecisionRefused):
        _decide(world, hit, "mona", old.number)
    _decide(world, hit, "milan", row.lease_number)


def test_a_hit_goes_to_a_colleague_who_can_decide_it_and_to_nobody_else(world: World) -> None:
    hit = world.hit()
    world.claim(hit)
    refused = {
        "mona": "Choose a colleague",
        "nobody": "Choose a colleague",
        "milan": "Choose a colleague",  # who was shut out
        "amir": "cannot decide",
    }
    assert world.people["milan"].id != world.people["amir"].id
    with world.database.write() as session:
        people.set_active(session, login="milan", active=False, actor="test", now=world.now)
    for to, words in refused.items():
        with pytest.raises(ClaimRefused, match=words), world.database.write() as session:
            claims.hand_over(session, hit, world.people["mona"], to, world.policy, world.now)
    assert _hit(world, hit).holder_id == world.people["mona"].id


def test_what_one_no_longer_holds_cannot_be_handed_over(world: World) -> None:
    hit = world.hit()
    world.claim(hit)
    world.later(minutes=15)
    with pytest.raises(ClaimRefused, match="no longer hold"):
        _hand_over(world, hit, "mona", "milan")


def test_colleagues_are_those_who_can_decide_without_oneself(world: World) -> None:
    for login in ("mona", "milan", "lena", "amir", "ada"):
        assert world.people[login].login == login
    with world.database.write() as session:
        people.set_active(session, login="milan", active=False, actor="test", now=world.now)
        found = claims.colleagues(session, world.people["mona"])
    assert [one.login for one in found] == ["lena"]


def test_the_next_is_the_most_urgent_that_nobody_holds(world: World) -> None:
    far, close, exact = world.hit(distance=25), world.hit(distance=10), world.hit()
    given_out = [_claim_next(world, login) for login in CREW]
    assert [lease.hit_id if lease else None for lease in given_out] == [exact, close, far]


def test_whoever_asks_for_the_next_while_holding_one_gets_that_one(world: World) -> None:
    far = world.hit(distance=25)
    assert world.hit()
    first = world.claim(far)
    world.later(minutes=5)
    assert _claim_next(world, "mona") == Lease(
        far, first.number, first.until + timedelta(minutes=5)
    )


def test_when_nothing_is_free_there_is_no_next(world: World) -> None:
    assert _claim_next(world, "mona") is None
    hit = world.hit()
    _claim_next(world, "mona")
    assert _claim_next(world, "milan") is None
    world.later(minutes=15)
    lease = _claim_next(world, "milan")
    assert lease is not None
    assert lease.hit_id == hit


@pytest.mark.parametrize("login", ["amir", "ada"])
def test_roles_that_do_not_claim(world: World, login: str) -> None:
    hit = world.hit()
    with pytest.raises(ClaimRefused, match="role"):
        world.claim(hit, login)
    with pytest.raises(ClaimRefused, match="role"):
        _claim_next(world, login)
    with pytest.raises(ClaimRefused):
        _release(world, hit, login)


def test_a_decided_hit_and_one_that_never_was_cannot_be_claimed(world: World) -> None:
    hit = world.hit()
    world.decide(hit, "confirm")
    with pytest.raises(ClaimRefused, match="decided already"):
        world.claim(hit)
    with pytest.raises(ClaimRefused, match="no such hit"):
        world.claim(404)


# --- several people at once


def test_of_many_hands_no_two_get_the_same_hit_and_none_is_left(world: World) -> None:
    hits = {world.hit() for _ in range(12)}
    mine: dict[str, list[int]] = {login: [] for login in CREW}
    assert [world.people[login].login for login in CREW] == list(CREW)

    def work(login: str) -> None:
        while lease := _claim_next(world, login):
            mine[login].append(lease.hit_id)
            _decide(world, lease.hit_id, login, lease.number)

    hands = [threading.Thread(target=work, args=(login,)) for login in CREW]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    everything = [hit for hits_of_one in mine.values() for hit in hits_of_one]
    assert sorted(everything) == sorted(hits)
    with world.database.read() as session:
        assert len(session.scalars(select(Decision.id)).all()) == len(hits)


# --- any sequence of claims, renewals, releases, hand-overs, decisions and pauses


class Desk(RuleBasedStateMachine):
    """Three people at three hits, and in the plainest words who holds what.

    Each run goes on with the world as the runs before it left it.
    """

    def __init__(self, world: World, leases: dict[int, Lease], holders: dict[int, str]) -> None:
        super().__init__()
        self.world = world
        self.leases = leases  # the newest of each hit, run out or not
        self.holders = holders  # of the open hits that were claimed and not given back
        self.decided: set[int] = set()
        self.hits = [world.hit(distance=distance) for distance in (0, 10, 20)]

    def _holder(self, hit: int) -> str | None:
        lease = self.leases.get(hit)
        return self.holders.get(hit) if lease and lease.until > self.world.now else None

    def _take(self, hit: int, login: str) -> Lease:
        """What the next lease on a hit must be: its holder's own, renewed, or a new one."""
        number = self.leases[hit].number if hit in self.leases else 0
        if self._holder(hit) != login:
            number += 1
        self.leases[hit] = Lease(hit, number, self.world.now + _length(self.world))
        self.holders[hit] = login
        return self.leases[hit]

    @rule(place=PLACE, login=PERSON)
    def claim(self, place: int, login: str) -> None:
        hit = self.hits[place]
        if hit not in self.decided and self._holder(hit) in (None, login):
            assert self.world.claim(hit, login) == self._take(hit, login)
        else:
            with pytest.raises(ClaimRefused):
                self.world.claim(hit, login)

    @rule(login=PERSON)
    def claim_next(self, login: str) -> None:
        with self.world.database.read() as session:
            query = select(Hit.id).where(Hit.state == "open").order_by(Hit.urgent_at, Hit.id)
            in_order = list(session.scalars(query))
        mine = [hit for hit in in_order if self._holder(hit) == login]
        free = [hit for hit in in_order if self._holder(hit) is None]
        lease = _claim_next(self.world, login)
        assert lease == (self._take((mine + free)[0], login) if mine + free else None)

    @rule(place=PLACE, login=PERSON)
    def release(self, place: int, login: str) -> None:
        hit = self.hits[place]
        if hit in self.holders and login in (self.holders[hit], "lena"):
            _release(self.world, hit, login)
            del self.holders[hit]
        else:
            with pytest.raises(ClaimRefused):
                _release(self.world, hit, login)

    @rule(place=PLACE, login=PERSON, to=PERSON)
    def hand_over(self, place: int, login: str, to: str) -> None:
        hit = self.hits[place]
        if self._holder(hit) == login != to:
            _hand_over(self.world, hit, login, to)
            self._take(hit, to)
        else:
            with pytest.raises(ClaimRefused):
                _hand_over(self.world, hit, login, to)

    @rule(place=PLACE, login=PERSON, behind=st.sampled_from([0, 0, 1]))
    def decide(self, place: int, login: str, behind: int) -> None:
        hit = self.hits[place]
        number = (self.leases[hit].number if hit in self.leases else 0) - behind
        if self._holder(hit) == login and not behind:
            _decide(self.world, hit, login, number)
            self.decided.add(hit)
            del self.holders[hit]
        else:
            with pytest.raises(DecisionRefused):
                _decide(self.world, hit, login, number)

    @rule()
    def later(self) -> None:
        self.world.later(minutes=8)

    @invariant()
    def the_rows_say_the_same(self) -> None:
        with self.world.database.read() as session:
            for hit in self.hits:
                row = session.get_one(Hit, hit)
                lease = self.leases.get(hit, Lease(hit, 0, self.world.now))
                holder = self.holders.get(hit)
                assert (row.state == "decided") == (hit in self.decided)
                assert row.lease_number == lease.number
                assert row.holder_id == (self.world.people[holder].id if holder else None)
                assert row.lease_until == (lease.until if holder else None)


def test_a_hit_has_one_holder_and_is_decided_under_the_lease_alone(world: World) -> None:
    leases: dict[int, Lease] = {}
    holders: dict[int, str] = {}

    class Here(Desk):
        def __init__(self) -> None:
            super().__init__(world, leases, holders)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=10, stateful_step_count=25, deadline=None, phases=[Phase.generate]
        ),
    )
