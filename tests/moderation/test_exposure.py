"""How much somebody decided: rows, pauses and limits, and that nobody else sees it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from config.policy import Policy
from moderation import exposure
from moderation.exposure import LimitRefused, Own
from store.audit import AuditEntry
from tests.world import START, World


@pytest.fixture
def policy(world: World) -> Policy:
    """A pause is offered after three in a row, or 30 minutes."""
    rules = world.policy.exposure.model_copy(
        update={"pause_after_hits": 3, "pause_after_minutes": 30}
    )
    return world.policy.model_copy(update={"exposure": rules})


def _own(world: World, policy: Policy, login: str = "mona") -> Own:
    with world.database.read() as session:
        return exposure.own(session, world.people[login], policy, world.now)


def _decide(world: World, *, after: float = 0, login: str = "mona") -> None:
    world.later(minutes=after)
    world.decide(world.hit(), "confirm", login)


def _limit(world: World, hits: int | None = None, minutes: int | None = None) -> None:
    login = world.people["mona"].login
    with world.database.write() as session:
        exposure.set_limits(
            session, login, hits=hits, minutes=minutes, actor="person:lena", now=world.now
        )


def _refusal(world: World, login: str = "mona") -> str | None:
    with world.database.read() as session:
        return exposure.may_claim(session, world.people[login], world.policy, world.now)


def _do(world: World, what: str) -> None:
    with world.database.write() as session:
        getattr(exposure, what)(session, world.people["mona"], world.now)


def test_hits_in_a_row_and_the_minutes_between_them_are_counted(
    world: World, policy: Policy
) -> None:
    assert _own(world, policy) == Own(0, 0, 0, 0, None, None, offer=False, paused_at=None)
    for after in (0, 4, 5):
        _decide(world, after=after)
    _decide(world, login="milan")
    assert _own(world, policy) == Own(3, 9, 3, 9, None, None, offer=True, paused_at=None)


def test_a_gap_as_long_as_a_pause_ends_the_row(world: World, policy: Policy) -> None:
    for after in (0, 4, 10, 2):
        _decide(world, after=after)
    found = _own(world, policy)
    assert (found.row_hits, found.row_minutes) == (2, 2)
    assert (found.today_hits, found.today_minutes) == (4, 6)
    world.later(minutes=10)
    assert _own(world, policy).row_hits == 0


def test_a_pause_is_offered_after_so_many_minutes_too(world: World, policy: Policy) -> None:
    few = policy.model_copy(
        update={"exposure": policy.exposure.model_copy(update={"pause_after_hits": 99})}
    )
    for _ in range(4):
        _decide(world, after=9)
    assert not _own(world, few).offer
    _decide(world, after=9)
    assert _own(world, few).offer


def test_i_am_back_begins_a_new_row(world: World, policy: Policy) -> None:
    for _ in range(3):
        _decide(world, after=1)
    world.later(minutes=1)
    _do(world, "pause")
    paused = _own(world, policy)
    assert (paused.paused_at, paused.offer) == (world.now, False)
    world.later(minutes=3)
    _do(world, "back")
    assert _own(world, policy) == Own(0, 0, 3, 2, None, None, offer=False, paused_at=None)
    _decide(world, after=1)
    assert _own(world, policy).row_hits == 1


def test_whoever_decides_is_back(world: World, policy: Policy) -> None:
    _do(world, "pause")
    _decide(world, after=1)
    assert _own(world, policy).paused_at is None


def test_a_day_begins_when_the_policy_says(world: World) -> None:
    rules = world.policy.exposure
    assert exposure.day_start(START, rules) == START.replace(hour=0)
    late = rules.model_copy(update={"day_begins_hour": 18})
    assert exposure.day_start(START, late) == START.replace(hour=18) - timedelta(days=1)
    assert exposure.day_start(START.replace(hour=18), late) == START.replace(hour=18)


def test_beyond_a_limit_nothing_more_is_claimed_until_the_next_day(world: World) -> None:
    _decide(world)
    assert _refusal(world) is None
    _limit(world, hits=2)
    assert _refusal(world) is None
    _decide(world)
    refusal = _refusal(world)
    assert refusal is not None
    assert refusal.startswith("You have decided 2 hits today")
    assert _refusal(world, "milan") is None
    world.later(days=1)
    assert _refusal(world) is None


def test_minutes_of_a_day_have_their_limit(world: World) -> None:
    _limit(world, minutes=10)
    for after in (0, 5, 5):
        assert _refusal(world) is None
        _decide(world, after=after)
    assert "10 minutes today" in (_refusal(world) or "")
    _limit(world)
    assert _refusal(world) is None


def test_limits_are_listed_for_those_who_decide_and_changes_are_in_the_log(world: World) -> None:
    for login in ("mona", "lena", "amir", "ada"):
        _ = world.people[login]
    _limit(world, hits=120)
    _limit(world, hits=120)
    with world.database.read() as session:
        found = [(one.login, one.daily_hits) for one in exposure.limits(session)]
        lines = session.scalars(select(AuditEntry).where(AuditEntry.action == "person.limits"))
        written = [(line.actor, line.subject, line.details) for line in lines]
    assert found == [("lena", None), ("mona", 120)]
    assert written == [("person:lena", "person:mona", {"hits": 120, "minutes": None})]


@pytest.mark.parametrize(
    ("login", "hits", "minutes"),
    [("mona", 0, None), ("mona", 10_001, None), ("mona", None, 0), ("mona", None, 1_441),
     ("amir", 5, None), ("nobody", 5, None)],
)  # fmt: skip
def test_a_limit_that_cannot_be_is_refused(
    world: World, login: str, hits: int | None, minutes: int | None
) -> None:
    _ = world.people["mona"], world.people["amir"]
    with pytest.raises(LimitRefused), world.database.write() as session:
        exposure.set_limits(
            session, login, hits=hits, minutes=minutes, actor="person:lena", now=world.now
        )


def test_totals_are_of_several_people_or_of_none(world: World) -> None:
    for login in ("mona", "milan"):
        _decide(world, login=login)
        with world.database.read() as session:
            assert exposure.totals(session, world.policy, world.now) is None
    _decide(world, login="lena")
    with world.database.read() as session:
        assert exposure.totals(session, world.policy, world.now) == exposure.Totals(3, 3)
