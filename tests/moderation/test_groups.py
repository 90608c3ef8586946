"""One decision for many hits: what it covers, whom it leaves alone, and one undo for all of it."""

import threading
import time
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from matching.fingerprint import Algorithm, Fingerprint
from moderation import audit, decisions, groups, second, undo
from moderation.content import Print
from moderation.decisions import Choice, DecisionRefused, Verdict
from moderation.groups import Because, Covered
from store.delivery import Delivery
from store.group import DecisionGroup, GroupedDecision
from store.hit import Decision, Hit
from store.proposal import Proposal
from tests.moderation.outcomes import (
    REGISTRY,
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
from tests.world import World, choice, near, pdq, record


def upload(world: World, value: bytes, distance: int = 3, uploader: str | None = None) -> int:
    """Content at a distance from `value`; the hit on it."""
    return newest_on(world, world.post(picture(near(value, distance)), uploader=uploader))


@pytest.fixture
def listed(world: World) -> bytes:
    """The value of an entry that the registry lists."""
    value = pdq()
    world.list_entries(record(value, entry_id="one"))
    return value


@pytest.fixture
def copies(world: World, listed: bytes) -> list[int]:
    """Five open hits on one entry, and one on another."""
    other = pdq()
    world.list_entries(record(other, entry_id="other"))
    hits = [upload(world, listed) for _ in range(5)]
    upload(world, other)
    assert all(world.people[login].login for login in ("mona", "milan", "lena"))
    return hits


def decide(
    world: World,
    hits: Sequence[int],
    verdict: str = "confirm",
    login: str = "mona",
    *,
    because: Because = Because.ENTRY,
    chosen: Choice | None = None,
) -> Covered:
    """One decision for `hits`, the first of which the person looks at."""
    person = world.people[login]
    with world.database.write() as session:
        return groups.decide(
            session,
            hits[0],
            because,
            hits,
            person,
            chosen or choice(verdict),
            world.policy,
            world.now,
        )


def undo_all(world: World, group: int | None, login: str = "mona") -> Covered:
    """Undo a group."""
    person = world.people[login]
    with world.database.write() as session:
        return groups.undo_all(session, group or 0, person, world.policy, world.now)


def members(world: World, hit: int, because: Because, login: str = "mona") -> list[int]:
    """The hits of a group as a person sees it."""
    person = world.people[login]
    with world.database.read() as session:
        found = groups.members(session, hit, because, person, world.policy, world.now)
    return [one.id for one in found]


def sizes(world: World, hit: int) -> dict[str, int]:
    """How many others have each thing in common with a hit."""
    with world.database.read() as session:
        found = groups.sizes(session, hit, world.policy)
    return {str(because): count.number for because, count in found.items()}


def trace(world: World, hit: int) -> tuple[object, ...]:
    """Everything that is kept of a hit but its content: what must not change by itself."""
    row = hit_row(world, hit)
    said = [(one.id, one.state) for one in rows(world) if one.hit_id == hit]
    with world.database.read() as session:
        log = [line.id for line in audit.lines(session, subject=f"H-{hit}")]
        proposed = session.scalar(select(func.count()).where(Proposal.hit_id == hit))
    kept = (row.state, row.verdict, row.holder_id, row.lease_until, row.lease_number)
    return *kept, said, log, proposed


# --- what a group is


def test_of_the_same_entry(world: World, copies: list[int]) -> None:
    assert sizes(world, copies[0]) == {"entry": 4, "fingerprint": 0, "uploader": 0}
    assert members(world, copies[2], Because.ENTRY)[0] == copies[2], "this one first"
    assert sorted(members(world, copies[2], Because.ENTRY)) == copies


def test_of_the_same_fingerprint(world: World) -> None:
    value = pdq()
    seen = near(value, 4)
    world.list_entries(record(value))
    same = [newest_on(world, world.post(picture(seen))) for _ in range(3)]
    upload(world, value)
    assert sorted(members(world, same[0], Because.FINGERPRINT)) == same
    assert sizes(world, same[0])["fingerprint"] == 2


def test_of_the_same_uploader_whatever_the_entry(world: World) -> None:
    hits = []
    for uploader in ("u-1", "u-1", "u-2", None, None):
        value = pdq()
        world.list_entries(record(value))
        hits.append(upload(world, value, uploader=uploader))
    assert sorted(members(world, hits[0], Because.UPLOADER)) == hits[:2]
    assert members(world, hits[2], Because.UPLOADER) == [hits[2]]
    assert members(world, hits[3], Because.UPLOADER) == [hits[3]], "nobody known is nobody's"


def test_plain_pictures_and_single_frames_do_not_make_films_the_same(world: World) -> None:
    """A black frame is in many films. What they have in common is the file or nothing."""
    plain, black = pdq(), pdq()
    values = [pdq() for _ in range(2)]
    world.list_entries(*(record(value) for value in values))
    hits = [
        newest_on(
            world,
            world.post(
                picture(value),
                Print(Fingerprint(Algorithm.PDQ, plain), 20),
                Print(Fingerprint(Algorithm.PDQ, black), 90, at=1.0),
            ),
        )
        for value in values
    ]
    assert sizes(world, hits[0]) == {"entry": 0, "fingerprint": 0, "uploader": 0}


def test_what_is_decided_is_not_in_it(world: World, copies: list[int]) -> None:
    world.decide(copies[1], "confirm")
    assert copies[1] not in members(world, copies[0], Because.ENTRY)
    assert sizes(world, copies[0])["entry"] == 3


def test_there_is_none_of_a_hit_that_is_not(world: World) -> None:
    assert members(world, 404, Because.ENTRY) == []
    assert sizes(world, 404) == {}
    with pytest.raises(DecisionRefused, match="no such hit"):
        decide(world, [404])


def test_it_says_who_works_on_one(world: World, copies: list[int]) -> None:
    world.claim(copies[1], "milan")
    world.claim(copies[2], "mona")
    with world.database.read() as session:
        mona = world.people["mona"]
        found = groups.members(session, copies[0], Because.ENTRY, mona, world.policy, world.now)
    assert {one.id: one.held_by for one in found if one.held_by} == {copies[1]: "Milan"}


def test_the_page_has_as_many_as_one_decision_covers(world: World, copies: list[int]) -> None:
    rule(world, "groups", at_most=3)
    found = members(world, copies[4], Because.ENTRY)
    assert found == [copies[4], *copies[:2]]


# --- what a decision covers


def test_one_decision_for_all_is_one_for_each(world: World, copies: list[int]) -> None:
    before = len(rows(world))
    covered = decide(world, copies, "remove")
    assert covered.decided == tuple(copies)
    assert (covered.proposed, covered.left_out) == ((), ())
    for hit in copies:
        row = hit_row(world, hit)
        assert (row.state, row.verdict, row.holder_id) == ("decided", "remove", None)
    decided = lines(world, "hit.decided")
    assert [line.subject for line in decided] == [f"H-{hit}" for hit in copies]
    planned = [key for line in decided for key in line.details["deliveries"]]
    assert sorted(planned) == sorted(row.idempotency_key for row in rows(world)[before:])
    (line,) = lines(world, "group.decided")
    assert line.details == {"because": "entry", "hits": [f"H-{hit}" for hit in copies]}


def test_what_is_left_out_stays_as_it_is(world: World, copies: list[int]) -> None:
    out = copies[3]
    before = trace(world, out)
    decide(world, [hit for hit in copies if hit != out])
    assert trace(world, out) == before


def test_hits_of_others_and_decided_ones_are_named_and_nothing_of_them_changes(
    world: World, copies: list[int]
) -> None:
    theirs, done, gone, for_lead = copies[1], copies[2], copies[3], copies[4]
    world.claim(theirs, "milan")
    world.decide(done, "remove", "lena")
    with world.database.write() as session:
        session.get_one(Hit, gone).state = "withdrawn"
        session.get_one(Hit, for_lead).for_lead = True
    before = {hit: trace(world, hit) for hit in copies[1:]}
    covered = decide(world, copies)
    assert covered.decided == (copies[0],)
    assert {name: why.split(".")[0] for name, why in covered.left_out} == {
        f"H-{theirs}": "Milan is working on this hit",
        f"H-{done}": "This hit has been decided already",
        f"H-{gone}": "The registry withdrew the entry behind this hit; it needs no decision any"
        " more",
        f"H-{for_lead}": "This hit was put before a lead",
    }
    assert {hit: trace(world, hit) for hit in copies[1:]} == before


def test_a_hit_that_has_nothing_in_common_is_not_covered(world: World, copies: list[int]) -> None:
    """Otherwise the log would say "the same entry" of what is not."""
    stranger = copies[-1] + 1
    before = trace(world, stranger)
    covered = decide(world, [*copies, stranger, 404])
    assert covered.decided == tuple(copies)
    assert [name for name, _ in covered.left_out] == [f"H-{stranger}", "H-404"]
    assert trace(world, stranger) == before


@pytest.mark.parametrize("count", [0, 3])
def test_not_none_and_not_more_than_the_policy_allows(
    world: World, copies: list[int], count: int
) -> None:
    rule(world, "groups", at_most=2)
    with (
        pytest.raises(DecisionRefused, match="covers 1 to 2 hits"),
        world.database.write() as session,
    ):
        groups.decide(
            session,
            copies[0],
            Because.ENTRY,
            copies[:count],
            world.people["mona"],
            choice("confirm"),
            world.policy,
            world.now,
        )
    assert {hit_row(world, hit).state for hit in copies} == {"open"}


def test_twice_the_same_hit_is_one(world: World, copies: list[int]) -> None:
    assert decide(world, [copies[0], copies[0]]).decided == (copies[0],)


def test_a_refused_choice_takes_nobodys_claim_and_makes_none(
    world: World, copies: list[int]
) -> None:
    mine = world.claim(copies[0])
    before = {hit: trace(world, hit) for hit in copies}
    covered = decide(world, copies, chosen=Choice(Verdict.CONFIRM, "because"))
    assert len(covered.left_out) == len(copies)
    assert covered.group_id is None
    assert {hit: trace(world, hit) for hit in copies} == before
    with world.database.write() as session:
        decisions.decide(
            session,
            copies[0],
            mine.number,
            world.people["mona"],
            choice("confirm"),
            world.policy,
            world.now,
        )


def test_whoever_may_not_decide_decides_nothing(world: World, copies: list[int]) -> None:
    before = {hit: trace(world, hit) for hit in copies}
    covered = decide(world, copies, login="amir")
    assert covered.decided == ()
    assert {hit: trace(world, hit) for hit in copies} == before


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=8,
    deadline=None,
    phases=[Phase.generate],
)
@given(
    states=st.lists(st.sampled_from(["free", "mine", "theirs", "done"]), min_size=3, max_size=3),
    places=st.sets(st.integers(0, 2), min_size=1),
)
def test_whatever_stands_in_the_way_all_are_accounted_for(
    world: World, listed: bytes, states: list[str], places: set[int]
) -> None:
    """Each hit is decided, or named with nothing of it changed; and nothing is both."""
    hits = [upload(world, listed) for _ in states]
    for hit, state in zip(hits, states, strict=True):
        if state in ("mine", "theirs"):
            world.claim(hit, "mona" if state == "mine" else "milan")
        elif state == "done":
            world.decide(hit, "confirm", "lena")
    chosen = [hits[place] for place in places]
    before = {hit: trace(world, hit) for hit in hits}
    covered = decide(world, chosen, "dispute")
    blocked = {hit for hit, state in zip(hits, states, strict=True) if state in ("theirs", "done")}
    assert set(covered.decided) == set(chosen) - blocked
    assert {name for name, _ in covered.left_out} == {f"H-{hit}" for hit in blocked & set(chosen)}
    for hit in set(hits) - set(covered.decided):
        assert trace(world, hit) == before[hit]


# --- one undo for all


def test_one_undo_takes_all_of_it_back_and_leaves_the_hits_free(
    world: World, copies: list[int]
) -> None:
    covered = decide(world, copies, "remove")
    undone = undo_all(world, covered.group_id)
    assert (undone.decided, undone.left_out) == (tuple(copies), ())
    for hit in copies:
        row = hit_row(world, hit)
        assert (row.state, row.holder_id, row.lease_until) == ("open", None, None)
    states = {row.state for row in rows(world, REGISTRY)}
    assert states == {"cancelled"}
    assert [line.subject for line in lines(world, "hit.undone")] == [f"H-{hit}" for hit in copies]


def test_what_has_left_for_the_registry_is_named_and_stands(
    world: World, copies: list[int]
) -> None:
    covered = decide(world, copies, "confirm")
    left = copies[2]
    with world.database.write() as session:
        for row in rows(world, REGISTRY):
            if row.hit_id == left:
                session.get_one(Delivery, row.id).attempts = 1
    before = trace(world, left)
    undone = undo_all(world, covered.group_id)
    assert undone.decided == tuple(hit for hit in copies if hit != left)
    ((name, why),) = undone.left_out
    assert name == f"H-{left}"
    assert "may have heard" in why
    assert trace(world, left) == before


def test_after_the_time_to_undo_all_of_them_stand(world: World, copies: list[int]) -> None:
    covered = decide(world, copies)
    world.later(minutes=10)
    undone = undo_all(world, covered.group_id)
    assert undone.decided == ()
    assert len(undone.left_out) == len(copies)
    assert {hit_row(world, hit).state for hit in copies} == {"decided"}


def test_one_that_was_decided_otherwise_or_taken_back_meanwhile_is_named(
    world: World, copies: list[int]
) -> None:
    covered = decide(world, copies)
    reverse(world, copies[0], "dispute", "lena")
    take_back(world, copies[1])
    undone = undo_all(world, covered.group_id)
    assert undone.decided == tuple(copies[2:])
    assert [name for name, _ in undone.left_out] == [f"H-{hit}" for hit in copies[:2]]
    assert hit_row(world, copies[0]).verdict == "dispute"
    assert hit_row(world, copies[1]).holder_id == world.people["mona"].id, "a claim is not lost"


def test_one_whose_entry_is_gone_meanwhile_is_named(world: World, copies: list[int]) -> None:
    covered = decide(world, copies)
    withdraw(world, "one")
    assert undo_all(world, covered.group_id).decided == ()
    assert {hit_row(world, hit).state for hit in copies} == {"decided"}


@pytest.mark.parametrize("login", ["milan", "lena", "amir"])
def test_a_group_is_undone_by_whoever_decided_it(
    world: World, copies: list[int], login: str
) -> None:
    covered = decide(world, copies)
    with pytest.raises(DecisionRefused, match="no such group"):
        undo_all(world, covered.group_id, login)
    with pytest.raises(DecisionRefused, match="no such group"):
        undo_all(world, 404)


def test_pressed_twice_the_second_changes_nothing(world: World, copies: list[int]) -> None:
    covered = decide(world, copies)
    undo_all(world, covered.group_id)
    before = {hit: trace(world, hit) for hit in copies}
    again = undo_all(world, covered.group_id)
    assert (again.decided, len(again.left_out)) == ((), len(copies))
    assert {hit: trace(world, hit) for hit in copies} == before


def test_it_is_offered_from_every_other_page_as_one(world: World, copies: list[int]) -> None:
    covered = decide(world, copies)
    mona, milan = world.people["mona"], world.people["milan"]
    with world.database.read() as session:
        last = undo.latest(session, mona, world.policy, world.now)
        assert undo.latest(session, milan, world.policy, world.now) is None
    assert last is not None
    assert (last.group_id, last.together) == (covered.group_id, len(copies))
    undo_all(world, covered.group_id)
    with world.database.read() as session:
        assert undo.latest(session, mona, world.policy, world.now) is None


# --- over the limit a second person is asked for


def test_over_the_limit_nothing_is_decided_and_all_wait(world: World, copies: list[int]) -> None:
    rule(world, "second_person", bulk_over=4)
    covered = decide(world, copies, "remove")
    assert (covered.decided, covered.proposed) == ((), tuple(copies))
    assert covered.group_id is None
    assert {hit_row(world, hit).state for hit in copies} == {"open"}
    assert {line.details["why"] for line in lines(world, "hit.proposed")} == {
        "more than 4 hits at once"
    }
    with world.database.read() as session:
        for table in (Decision, DecisionGroup, GroupedDecision):
            assert session.scalar(select(func.count()).select_from(table)) == 0


def test_up_to_the_limit_one_person_is_enough(world: World, copies: list[int]) -> None:
    rule(world, "second_person", bulk_over=5)
    assert decide(world, copies).decided == tuple(copies)


def test_a_second_person_who_agrees_with_all_decides_all(world: World, copies: list[int]) -> None:
    rule(world, "second_person", bulk_over=4)
    decide(world, copies, "remove")
    assert decide(world, copies, "remove", "mona").decided == (), "never the same"
    covered = decide(world, copies, "remove", "milan")
    assert covered.decided == tuple(copies)
    assert undo_all(world, covered.group_id, "milan").decided == tuple(copies)


def test_one_who_sees_it_differently_puts_all_before_a_lead(
    world: World, copies: list[int]
) -> None:
    rule(world, "second_person", bulk_over=4)
    decide(world, copies, "remove")
    assert decide(world, copies, "confirm", "milan").proposed == tuple(copies)
    assert {hit_row(world, hit).escalated_reason for hit in copies} == {second.DISAGREE}
    assert decide(world, copies, "confirm", "lena").decided == tuple(copies)


# --- at the same moment


def test_of_two_groups_at_the_same_moment_each_hit_goes_to_one(
    world: World, copies: list[int]
) -> None:
    made: dict[str, Covered] = {}

    def work(login: str, order: list[int]) -> None:
        made[login] = decide(world, order, login=login)

    hands = [
        threading.Thread(target=work, args=("mona", copies)),
        threading.Thread(target=work, args=("milan", copies[::-1])),
    ]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join(60)
    assert sorted([*made["mona"].decided, *made["milan"].decided]) == copies


def _at_once(world: World, copies: list[int]) -> list[Exception]:
    """Lena reverses the last hit of a group while Mona undoes all of it; what was raised.

    Each change counts for its source. An undo that had counted the first hit and then wanted the
    last one would wait for whoever reverses that one and wants to count it.
    """
    group, last = decide(world, [copies[0], copies[-1]]).group_id, copies[-1]
    raised: list[Exception] = []
    locked, lena = threading.Event(), world.people["lena"]

    def one() -> None:
        try:
            with world.database.write() as session:
                decisions.locked(session, last)
                locked.set()
                time.sleep(0.7)  # until the undo waits for this row
                decisions.reverse(
                    session, last, 1, lena, choice("dispute"), world.policy, world.now
                )
        except DBAPIError as error:
            raised.append(error)

    def both() -> None:
        locked.wait(10)
        try:
            undo_all(world, group)
        except DBAPIError as error:
            raised.append(error)

    hands = [threading.Thread(target=one), threading.Thread(target=both)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join(60)
    return raised


def test_an_undo_of_all_and_a_change_of_one_do_not_wait_for_each_other(
    world: World, copies: list[int]
) -> None:
    assert _at_once(world, copies) == []
    assert hit_row(world, copies[0]).state == "open"
    assert hit_row(world, copies[-1]).verdict == "dispute"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_they_would_without_all_locked_first(
    world: World, copies: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted fault: PostgreSQL ends one of the two with an error."""
    monkeypatch.setattr(
        groups, "_lock", lambda session, which: set(session.scalars(select(Hit.id).where(which)))
    )
    assert len(_at_once(world, copies)) == 1
