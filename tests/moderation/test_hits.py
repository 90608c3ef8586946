"""Matches become one open hit for each item; what was decided stays so; the clock only hurries."""

import threading
import time
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import selectinload

from config.policy import Policy
from exchange.records import Member, PeerVote, Vote
from matching.fingerprint import Algorithm, Fingerprint
from moderation import audit, hits
from moderation.content import Print
from moderation.naming import hit_name
from store.hit import Hit
from store.source import Source
from tests.world import START, World, near, pdq, record


def _print(value: bytes) -> Print:
    return Print(Fingerprint(Algorithm.PDQ, value), 90)


def _hits(world: World) -> Sequence[Hit]:
    with world.database.read() as session:
        return session.scalars(
            select(Hit).options(selectinload(Hit.matches)).order_by(Hit.id)
        ).all()


def _hit(world: World) -> Hit:
    (hit,) = _hits(world)
    return hit


def _lines(world: World, hit: Hit) -> list[audit.Line]:
    with world.database.read() as session:
        return list(audit.lines(session, subject=hit_name(hit.id)))


def test_all_matches_of_an_item_are_one_hit(world: World) -> None:
    value = pdq()
    world.list_entries(record(near(value, 20)), record(near(value, 3)), record(near(value, 31)))
    world.post(_print(value))
    hit = _hit(world)
    assert sorted(match.distance for match in hit.matches) == [3, 20, 31]
    assert (hit.nearest, hit.state, hit.opened_at) == (3, "open", world.now)
    (line,) = _lines(world, hit)
    assert (line.action, line.actor) == ("hit.opened", "system:match")
    assert len(line.details["matches"]) == 3


def _evidence_while_they_are_decided_together(world: World) -> list[BaseException]:
    """Two hits, the older one on the newer content, are locked by their numbers while both are
    given more evidence; what went wrong."""
    older, newer = pdq(), pdq()
    world.list_entries(record(pdq()))
    world.post(_print(older))
    world.list_entries(record(near(newer, 9)))
    world.post(_print(newer))
    world.list_entries(record(near(older, 9)))
    failures: list[BaseException] = []

    def more() -> None:
        try:
            world.list_entries(record(older), record(newer))
        except BaseException as error:  # noqa: BLE001 - told to the test
            failures.append(error)

    matching = threading.Thread(target=more)
    try:
        with world.database.write() as session:
            session.scalars(select(Hit.id).where(Hit.id == 1).with_for_update()).one()
            matching.start()
            time.sleep(1)
            session.scalars(select(Hit.id).where(Hit.id == 2).with_for_update()).one()
    except DBAPIError as error:
        failures.append(error)
    matching.join()
    return failures


def test_more_evidence_and_a_decision_for_many_do_not_wait_for_each_other(world: World) -> None:
    assert _evidence_while_they_are_decided_together(world) == []
    assert [len(hit.matches) for hit in _hits(world)] == [2, 2]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_they_would_if_each_hit_were_locked_in_its_turn(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted fault: PostgreSQL ends one of the two with an error."""
    monkeypatch.setattr(hits, "_lock_open", lambda session, content_ids: None)
    assert len(_evidence_while_they_are_decided_together(world)) == 1


def test_what_is_found_later_is_more_evidence_on_the_open_hit(world: World) -> None:
    value = pdq()
    world.list_entries(record(near(value, 20)))
    world.post(_print(value))
    world.later(hours=1)
    world.list_entries(record(value))
    hit = _hit(world)
    assert [match.distance for match in hit.matches] == [20, 0]
    assert (hit.nearest, hit.opened_at) == (0, START)
    assert [line.action for line in _lines(world, hit)] == ["hit.opened", "hit.evidence"]


def test_new_evidence_reaches_a_hit_that_somebody_holds_and_leaves_the_lease(
    world: World,
) -> None:
    value = pdq()
    world.list_entries(record(near(value, 20)))
    world.post(_print(value))
    lease = world.claim(_hit(world).id)
    world.list_entries(record(value))
    hit = _hit(world)
    assert (hit.holder_id, hit.lease_until) == (world.people["mona"].id, lease.until)
    assert len(hit.matches) == 2


def test_an_entry_that_is_new_after_the_decision_opens_another_hit(world: World) -> None:
    value = pdq()
    world.list_entries(record(near(value, 20)))
    world.post(_print(value))
    world.decide(_hit(world).id, "dispute")
    world.list_entries(record(value))
    decided, opened = _hits(world)
    assert (decided.state, len(decided.matches)) == ("decided", 1)
    assert (opened.state, [match.distance for match in opened.matches]) == ("open", [0])


def test_a_match_that_was_decided_opens_nothing_again(world: World) -> None:
    value = pdq()
    world.list_entries(record(value, entry_id="one"))
    world.post(_print(value), platform_id="post")
    world.decide(_hit(world).id, "dispute")
    world.list_entries(record(value, pdq(), entry_id="one"))  # the same entry with more
    world.post(_print(value), platform_id="post")  # the same item again
    assert _hit(world).state == "decided"


def test_other_fingerprints_under_the_same_id_are_matched_anew(world: World) -> None:
    value = pdq()
    world.list_entries(record(value))
    world.post(_print(value), platform_id="post")
    world.decide(_hit(world).id, "dispute")
    world.post(_print(near(value, 6)), platform_id="post")
    decided, opened = _hits(world)
    assert (decided.state, opened.state, opened.nearest) == ("decided", "open", 6)


def test_other_fingerprints_while_the_hit_is_open_say_how_they_match_now(world: World) -> None:
    """One line for each entry and algorithm, and never two hits for one item."""
    value = pdq()
    world.list_entries(record(value))
    world.post(_print(near(value, 20)), platform_id="post")
    world.post(_print(near(value, 6)), platform_id="post")
    hit = _hit(world)
    (match,) = hit.matches
    assert (match.distance, match.content_revision, hit.nearest) == (6, 2, 6)
    assert [line.action for line in _lines(world, hit)] == ["hit.opened", "hit.evidence"]


def test_two_items_are_two_hits(world: World) -> None:
    value = pdq()
    world.list_entries(record(value))
    world.post(_print(value))
    world.post(_print(value))
    assert len(_hits(world)) == 2


# --- the clock


def _due_hours(world: World, source: str, hours: float) -> None:
    with world.database.write() as session:
        row = session.scalars(select(Source).where(Source.name == source)).one()
        row.due_hours = hours


def test_a_hit_is_due_as_its_registrys_policy_says(world: World) -> None:
    hit = _opened(world)
    assert hit.due_at - hit.opened_at == world.policy.clock.due_in("ncmec")
    share = (hit.at_risk_at - hit.opened_at) / (hit.due_at - hit.opened_at)
    assert share == pytest.approx(world.policy.clock.at_risk_share)


def test_a_source_with_a_time_of_its_own_goes_before_the_policy(world: World) -> None:
    _due_hours(world, "Take It Down", 1.5)
    hit = _opened(world)
    assert hit.due_at - hit.opened_at == timedelta(hours=1.5)


@pytest.mark.parametrize(("first", "second", "due"), [(10, 2, 2), (2, 10, 2)])
def test_new_evidence_makes_a_hit_due_earlier_and_never_later(
    world: World, first: float, second: float, due: float
) -> None:
    value = pdq()
    world.source("Another")
    _due_hours(world, "Take It Down", first)
    _due_hours(world, "Another", second)
    world.list_entries(record(value))
    world.post(_print(value))
    world.later(minutes=30)
    world.list_entries(record(value), source="Another")
    hit = _hit(world)
    assert len(hit.matches) == 2
    assert hit.due_at == START + timedelta(hours=due)
    assert hit.opened_at < hit.at_risk_at < hit.due_at


# --- why it is urgent


def _opened(world: World, distance: int = 0, votes: tuple[PeerVote, ...] = ()) -> Hit:
    value = pdq()
    world.list_entries(record(value, votes=votes))
    world.post(_print(near(value, distance)))
    return _hits(world)[-1]


def _vote(vote: Vote, member: str) -> PeerVote:
    return PeerVote("pdq", vote, Member(member, member), (), START)


def _expected(policy: Policy, *names: str) -> int:
    return sum(int(getattr(policy.priority, name)) for name in names)


def test_near_goes_before_far_and_exact_before_near(world: World) -> None:
    exact, close, far = (_opened(world, distance) for distance in (0, 16, 17))
    assert (exact.priority_reasons, far.priority_reasons) == (["+40 exact copy"], [])
    assert close.priority_reasons == ["+20 near copy, 16 bits differ"]
    assert exact.urgent_at < close.urgent_at < far.urgent_at == far.due_at


def test_what_others_say_of_the_entry_weighs(world: World) -> None:
    votes = (
        _vote(Vote.AFFIRMATIVE, "7"),
        _vote(Vote.AFFIRMATIVE, "8"),
        _vote(Vote.NEGATIVE, "9"),
    )
    hit = _opened(world, votes=votes)
    names = ("exact", "confirmed_by_peers", "disputed_by_peers")
    assert hit.priority == _expected(world.policy, *names)
    assert hit.priority_reasons[1:] == [
        "+20 confirmed by 2 other member(s)",
        "-15 disputed by 1 other member(s)",
    ]


def test_how_the_entry_was_decided_here_weighs(world: World) -> None:
    value = pdq()
    world.list_entries(record(value))
    for verdict in ("remove", "confirm", "dispute"):
        world.post(_print(near(value, 17)))
        world.decide(_hits(world)[-1].id, verdict)
    world.post(_print(near(value, 17)))
    assert _hits(world)[-1].priority_reasons == [
        "+15 entry confirmed here 2 time(s)",
        "-20 entry disputed here 1 time(s)",
    ]


def test_what_is_seen_again_and_again_weighs(world: World) -> None:
    value = pdq()
    for _ in range(world.policy.priority.many_sightings_from):
        world.take(_print(near(value, 17)), platform_id="post")
    world.list_entries(record(value))
    world.post(_print(near(value, 17)), platform_id="post")
    assert _hit(world).priority_reasons == ["+10 seen 6 times"]


def test_priority_puts_a_hit_ahead_of_its_due_time_and_never_starves_another(
    world: World,
) -> None:
    far = _opened(world, 25)
    points = _expected(world.policy, "exact")
    ahead = timedelta(minutes=points * world.policy.priority.minutes_per_point)
    world.later(hours=(ahead / timedelta(hours=1)) + 0.01)
    exact = _opened(world, 0)
    assert far.urgent_at < exact.urgent_at, "what waits long enough comes first"
