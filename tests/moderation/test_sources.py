"""Sources: added with care, paused, and shown with what their syncs did."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from exchange.records import Page, Problem, Reason
from matching.fingerprint import Algorithm
from moderation import audit, sources, sync
from moderation.sources import SourceFacts, SourceRefused
from store.source import DisputeReason, Source
from tests.world import World, pdq, record


def _add(world: World, **changed: object) -> Source:
    wanted: dict[str, object] = {
        "name": "NCMEC",
        "kind": "ncmec",
        "base_url": "https://registry.test/npo/",
        "secret_name": "NCMEC",
        "member_ids": ("42",),
    }
    with world.database.write() as session:
        return sources.add(session, **(wanted | changed), actor="test", now=world.now)  # type: ignore[arg-type]


def _facts(world: World, name: str = "Take It Down") -> SourceFacts:
    with world.database.read() as session:
        (found,) = (one for one in sources.everything(session) if one.name == name)
    return found


def test_a_source_is_added_with_its_members_and_logged(world: World) -> None:
    _add(world)
    facts = _facts(world, "NCMEC")
    assert (facts.base_url, facts.member_ids) == ("https://registry.test/npo", ("42",))
    assert (facts.paused, facts.synced_at, facts.last_run) == (False, None, None)
    with world.database.read() as session:
        (line,) = audit.lines(session, subject="source:NCMEC")
    assert line.action == "source.added"
    assert line.details["base_url"] == "https://registry.test/npo"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": ""}, "source name"),
        ({"name": "a/b"}, "source name"),
        ({"name": "NCMEC\n"}, "source name"),
        ({"name": "n" * 81}, "source name"),
        ({"name": "Take It Down"}, "already"),
        ({"base_url": "ftp://registry.test"}, "https://"),
        ({"base_url": "https://"}, "https://"),
        ({"base_url": "https://user:secret@registry.test"}, "no user name, password"),
        ({"base_url": "https://registry.test/?key=secret"}, "query"),
        ({"base_url": "https://registry.test/" + "x" * 300}, "base URL"),
        ({"secret_name": ""}, "secret name"),
        ({"secret_name": "MY-SECRET"}, "secret name"),
        ({"secret_name": "S" * 81}, "secret name"),
    ],
)
def test_what_a_source_cannot_be_is_said_without_its_secrets(
    world: World, changed: dict[str, object], words: str
) -> None:
    with pytest.raises(SourceRefused, match=words) as caught:
        _add(world, **changed)
    assert "secret@" not in str(caught.value)
    with world.database.read() as session:
        assert len(session.scalars(select(Source)).all()) == 1


def test_a_paused_source_is_not_read_until_it_goes_on(world: World) -> None:
    _add(world)
    with world.database.write() as session:
        sources.set_paused(session, "NCMEC", paused=True, actor="test", now=world.now)
        assert sources.to_sync(session) == [1]
        sources.set_paused(session, "NCMEC", paused=False, actor="test", now=world.now)
        assert sources.to_sync(session) == [1, 2]
    with world.database.read() as session:
        told = [line.action for line in audit.lines(session, subject="source:NCMEC")]
    assert told == ["source.added", "source.paused", "source.resumed"]
    with pytest.raises(SourceRefused, match="no source"), world.database.write() as session:
        sources.set_paused(session, "nobody's", paused=True, actor="test", now=world.now)


def test_reasons_are_fetched_once_a_day_also_where_there_are_none(world: World) -> None:
    source = _add(world)

    def old() -> bool:
        with world.database.read() as session:
            return sources.reasons_are_old(session, source.id, world.now)

    assert old()
    with world.database.write() as session:
        sources.keep_reasons(session, source.id, [], world.now)
    assert not old()
    world.later(days=1)
    assert old()


def test_new_reasons_take_the_place_of_the_old_ones(world: World) -> None:
    source = _add(world)
    first = [Reason("1", "Wrong", Algorithm.PDQ), Reason("2", "Plain", Algorithm.PDQ)]
    second = [Reason("2", "Plain", Algorithm.PDQ), Reason("2", "Plain", Algorithm.MD5)]
    with world.database.write() as session:
        sources.keep_reasons(session, source.id, first, world.now)
    with world.database.write() as session:
        sources.keep_reasons(session, source.id, second, world.now)
    with world.database.read() as session:
        query = select(DisputeReason).where(DisputeReason.source_id == source.id)
        kept = {(row.reason_id, row.algorithm) for row in session.scalars(query)}
    assert kept == {("2", "pdq"), ("2", "md5")}


def test_a_source_is_shown_with_its_counts_and_its_last_sync(world: World) -> None:
    gone = record(entry_id="gone", withdrawn=True)
    pages = [
        Page((record(pdq(), pdq()), record(pdq()), gone), (), {}, more=True),
        Page((record(pdq(), entry_id="x"),), (Problem("odd", "1", "e"),), {}, more=False),
    ]
    sync.sync(world.database, 1, lambda _at, _now: pages.pop(0), clock=world.clock)
    facts = _facts(world)
    assert (facts.active, facts.withdrawn, facts.fingerprints) == (3, 1, 4)
    assert facts.last_run is not None
    assert (facts.last_run.pages, facts.last_run.added, facts.last_run.withdrawn) == (2, 3, 1)
    assert facts.last_run.problems == 1
    with world.database.read() as session:
        (problem,) = sources.problems(session, 1)
    assert (problem.member_id, problem.entry_id, problem.what) == ("1", "e", "odd")


def test_the_newest_sync_is_shown_first_and_each_source_has_its_own(world: World) -> None:
    _add(world)
    for minutes, source_id in enumerate((1, 2, 1)):
        now = world.now + timedelta(minutes=minutes)
        sync.note_failure(world.database, source_id, f"failure {minutes}", now)
    with world.database.read() as session:
        assert [run.error for run in sources.runs(session, 1)] == ["failure 2", "failure 0"]
    assert [_facts(world, name).last_run.error for name in ("Take It Down", "NCMEC")] == [  # type: ignore[union-attr]
        "failure 2",
        "failure 1",
    ]
