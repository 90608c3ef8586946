"""What the policy decides by itself: only exact copies that members confirmed, and only if on."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from exchange.records import EntryRecord, Member, PeerVote, Vote
from matching.fingerprint import Algorithm, Fingerprint
from moderation import automatic, decisions
from moderation.content import Print
from moderation.decisions import DecisionRefused
from store.hit import Decision, Hit
from tests.moderation.outcomes import (
    REGISTRY,
    hit_row,
    lines,
    picture,
    reverse,
    rows,
    rule,
)
from tests.world import START, World, choice, pdq, record

MD5 = b"five" * 4


def _by(vote: Vote, *members: str) -> tuple[PeerVote, ...]:
    return tuple(PeerVote("md5", vote, Member(one, one), (), START) for one in members)


CONFIRMED = _by(Vote.AFFIRMATIVE, "7", "8", "9")


def _entry(votes: tuple[PeerVote, ...] = CONFIRMED, **changes: object) -> EntryRecord:
    made = record(MD5, entry_id="one", votes=votes, algorithm=Algorithm.MD5)
    return replace(made, **changes)  # type: ignore[arg-type]


def _post(world: World, platform_id: str = "post") -> Hit:
    world.post(Print(Fingerprint(Algorithm.MD5, MD5)), platform_id=platform_id)
    with world.database.read() as session:
        return session.scalars(select(Hit).order_by(Hit.id.desc()).limit(1)).one()


@pytest.fixture
def on(world: World) -> World:
    """A policy that decides by itself and shows nobody any of it."""
    rule(world, "automatic", enabled=True, sample_share=0.0)
    return world


def test_off_by_default(world: World) -> None:
    world.list_entries(_entry())
    assert _post(world).state == "open"


def test_an_exact_copy_that_members_confirmed_is_decided_by_the_policy(on: World) -> None:
    on.list_entries(_entry())
    hit = _post(on)
    assert (hit.state, hit.verdict, hit.review_reason) == ("decided", "remove", None)
    with on.database.read() as session:
        decision = session.scalars(select(Decision)).one()
    assert (decision.person_id, decision.policy_version) == (None, on.policy.version)
    assert decision.reason == on.policy.automatic.reason
    (line,) = lines(on, "hit.decided")
    assert line.actor == f"policy:{on.policy.version}"
    assert [(row.destination, row.action) for row in rows(on)] == [
        (REGISTRY, "affirmative"),
        ("platform", "remove"),
        ("platform", "refuse-fingerprint"),
    ]


def test_what_is_found_by_a_sweep_too(on: World) -> None:
    on.list_entries(record(pdq()))
    on.post(Print(Fingerprint(Algorithm.MD5, MD5)), platform_id="old")
    on.list_entries(_entry())
    assert hit_row(on, 1).verdict == "remove"


@pytest.mark.parametrize(
    "votes",
    [
        _by(Vote.AFFIRMATIVE, "7", "8"),
        _by(Vote.AFFIRMATIVE, "7", "7", "7"),
        (*CONFIRMED, *_by(Vote.NEGATIVE, "5")),
        (),
    ],
)
def test_not_where_members_are_too_few_or_one_disputes(
    on: World, votes: tuple[PeerVote, ...]
) -> None:
    on.list_entries(_entry(votes))
    assert _post(on).state == "open"


def test_not_a_suspected_entry(on: World) -> None:
    rule(on, "suspicion", matches_per_day=2)
    on.list_entries(_entry())
    verdicts = [_post(on, name).verdict for name in ("first", "second", "third")]
    assert verdicts == ["remove", None, None]


def test_not_a_picture_that_only_looks_the_same(on: World) -> None:
    value = pdq()
    on.list_entries(_entry(fingerprints=(Fingerprint(Algorithm.PDQ, value),)))
    on.post(picture(value))
    assert hit_row(on, 1).state == "open"


def test_not_what_a_person_is_working_on(on: World) -> None:
    on.list_entries(_entry(()))
    hit = _post(on)
    on.claim(hit.id)
    with pytest.raises(DecisionRefused, match="work on this hit"), on.database.write() as session:
        decisions.decide_by_policy(session, hit.id, choice("remove"), on.policy, on.now)
    with on.database.write() as session:
        assert automatic.decide(session, [hit.id], on.policy, on.now) == []
    assert hit_row(on, hit.id).state == "open"


def test_what_it_decided_once_it_does_not_decide_again(on: World) -> None:
    on.list_entries(_entry())
    hit = _post(on)
    with on.database.write() as session:
        assert automatic.decide(session, [hit.id], on.policy, on.now) == []


@pytest.mark.parametrize("login", ["mona", "lena"])
def test_anybody_who_reverses_decisions_can_reverse_it(on: World, login: str) -> None:
    on.list_entries(_entry())
    hit = _post(on)
    on.deliver()
    reverse(on, hit.id, "dispute", login)
    assert [row.action for row in rows(on) if row.state == "waiting"] == ["negative", "restore"]


@pytest.mark.parametrize(("share", "shown"), [(0.0, 0), (1.0, 4)])
def test_a_share_of_them_is_put_before_a_person(on: World, share: float, shown: int) -> None:
    rule(on, "automatic", sample_share=share)
    on.list_entries(_entry())
    reasons = [_post(on, f"post-{number}").review_reason for number in range(4)]
    assert reasons.count(automatic.SAMPLE) == shown


def test_confirming_is_the_other_thing_that_it_can_do(on: World) -> None:
    rule(on, "automatic", verdict="confirm", reason="already-gone")
    on.list_entries(_entry())
    assert _post(on).verdict == "confirm"
    assert [row.action for row in rows(on)] == ["affirmative"]
