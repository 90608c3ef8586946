"""A source's record is what a count of its decided hits says, whatever was decided in between."""

import threading

from sqlalchemy import func, select

from moderation import source_records
from store.entry import Entry
from store.hit import Hit, Match
from tests.moderation.outcomes import list_one, post, reverse, take_back
from tests.world import World, near, pdq


def _kept(world: World) -> dict[int, dict[str, int]]:
    with world.database.read() as session:
        found = source_records.of_sources(session)
    return {
        source: {verdict: hits for verdict, hits in record.items() if hits}
        for source, record in found.items()
    }


def _counted(world: World) -> dict[int, dict[str, int]]:
    query = (
        select(Entry.source_id, Hit.verdict, func.count(Hit.id.distinct()))
        .select_from(Hit)
        .join(Match, Match.hit_id == Hit.id)
        .join(Entry, Entry.id == Match.entry_id)
        .where(Hit.state == "decided", Hit.verdict.is_not(None))
        .group_by(Entry.source_id, Hit.verdict)
    )
    found: dict[int, dict[str, int]] = {}
    with world.database.read() as session:
        for source, verdict, hits in session.execute(query):
            found.setdefault(source, {})[str(verdict)] = hits
    return found


def test_before_anything_is_decided_there_is_none(world: World) -> None:
    world.hit()
    assert _kept(world) == {}


def test_a_hit_counts_once_for_each_source_behind_it(world: World) -> None:
    value = pdq()
    world.source("Another")
    list_one(world, value, "one")
    list_one(world, near(value, 3), "two")
    list_one(world, value, "three", "Another")
    world.decide(post(world, value), "remove")
    assert _kept(world) == {1: {"remove": 1}, 2: {"remove": 1}}


def test_decided_otherwise_or_undone_it_counts_so(world: World) -> None:
    hits = [world.hit(distance=3) for _ in range(3)]
    for hit in hits:
        world.decide(hit, "remove")
    assert _kept(world) == {1: {"remove": 3}}
    reverse(world, hits[0], "dispute")
    take_back(world, hits[1])
    assert _kept(world) == _counted(world) == {1: {"remove": 1, "dispute": 1}}
    world.decide(hits[1], "confirm")
    assert _kept(world) == _counted(world) == {1: {"remove": 1, "dispute": 1, "confirm": 1}}


def test_decisions_at_once_are_all_counted(world: World) -> None:
    """Hits of two sources, decided by three people: no decision waits for another for good."""
    value = pdq()
    world.source("Another")
    list_one(world, value)
    list_one(world, value, source="Another")
    hits = [post(world, value, 3, f"post-{number}") for number in range(9)]
    verdicts = {"mona": "remove", "milan": "confirm", "lena": "remove"}
    assert [world.people[login].login for login in verdicts] == list(verdicts)

    def work(login: str, mine: list[int]) -> None:
        for hit in mine:
            world.decide(hit, verdicts[login], login)

    hands = [
        threading.Thread(target=work, args=(login, hits[place::3]))
        for place, login in enumerate(verdicts)
    ]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join(60)
    assert _kept(world) == _counted(world)
    assert _kept(world) == {source: {"remove": 6, "confirm": 3} for source in (1, 2)}
