"""Sources: added with care, changed with all that follows, paused, and shown as they stand."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as check_settings
from hypothesis import strategies as st
from sqlalchemy import select

from config.policy import Matching
from config.settings import Settings, load
from exchange.errors import Refused
from exchange.records import Checkpoint, Page, Problem, Reason, Told
from jobs import runtime
from jobs.registries import Registries
from matching.fingerprint import Algorithm, Fingerprint
from moderation import audit, source_list, sources, sweeps, sync
from moderation.content import Print
from moderation.source_list import SourceFacts
from moderation.source_settings import (
    RegistryKind,
    SourceRefused,
    SourceSettings,
    settings_of,
    stricter,
)
from moderation.sources import Changed
from store.entry import Entry
from store.hit import Hit, Match
from store.source import DisputeReason, Source
from tests.console.conftest import environment
from tests.world import NCMEC, World, near, pdq, record

OURS = SourceSettings("https://registry.test/npo", "NCMEC", ("42",))
TAKE_IT_DOWN = "Take It Down"


@pytest.fixture
def kinds(tmp_path: Path) -> dict[str, RegistryKind]:
    """The kinds of registry as an installation knows them; the secret GOOD is set there."""
    environ = environment(f"sqlite:///{tmp_path / 'x.sqlite'}", "redis://localhost:1/0", tmp_path)
    settings: Settings = load(environ | {"SECRET_GOOD": "user:password", "SECRET_ODD": "user"})
    return dict(Registries(runtime.build(settings)).kinds())


def _add(
    world: World,
    settings: SourceSettings = OURS,
    name: str = "NCMEC",
    kind: RegistryKind = NCMEC,
) -> Source:
    with world.database.write() as session:
        return sources.add(
            session,
            name=name,
            kind=kind,
            settings=settings,
            policy=world.policy,
            actor="test",
            now=world.now,
        )


def _change(
    world: World, name: str = TAKE_IT_DOWN, seen: str | None = None, **changed: object
) -> Changed:
    with world.database.write() as session:
        before = settings_of(sources.by_name(session, name))
        return sources.change(
            session,
            name,
            replace(before, **changed),  # type: ignore[arg-type]
            kind=NCMEC,
            policy=world.policy,
            actor="person:lena",
            now=world.now,
            seen=seen,
        )


def _facts(world: World, name: str = TAKE_IT_DOWN) -> SourceFacts:
    with world.database.read() as session:
        (found,) = (one for one in source_list.everything(session) if one.name == name)
    return found


def _lines(world: World, name: str = TAKE_IT_DOWN) -> list[audit.Line]:
    with world.database.read() as session:
        return list(audit.lines(session, subject=f"source:{name}"))


def _source(world: World) -> Source:
    with world.database.read() as session:
        return sources.by_name(session, TAKE_IT_DOWN)


def test_a_source_is_added_with_its_settings_and_logged(world: World) -> None:
    wanted = SourceSettings(
        " https://registry.test/npo/ ", "NCMEC", ("42", "42 ", ""), 12.5, 20, 70
    )
    _add(world, wanted)
    facts = _facts(world, "NCMEC")
    kept = SourceSettings("https://registry.test/npo", "NCMEC", ("42",), 12.5, 20, 70)
    assert facts.settings == kept
    assert facts.told == (Told.OUTCOME,)
    assert (facts.paused, facts.synced_at, facts.last_run) == (False, None, None)
    (line,) = _lines(world, "NCMEC")
    assert line.action == "source.added"
    assert line.details["base_url"] == "https://registry.test/npo"
    assert (line.details["member_ids"], line.details["pdq_distance"]) == (["42"], 20)


def test_what_each_kind_can_be_told_stays_with_the_source(
    world: World, kinds: dict[str, RegistryKind]
) -> None:
    _add(world, SourceSettings("https://stop.test/v1", "x"), "Stop", kinds["stopncii"])
    assert set(_facts(world, "Stop").told) == {Told.MATCH, Told.OUTCOME}


@pytest.mark.parametrize("name", ["", "a/b", "NCMEC\n", "n" * 81, TAKE_IT_DOWN])
def test_a_bad_or_taken_name_is_refused(world: World, name: str) -> None:
    with pytest.raises(SourceRefused, match=r"source named?") as caught:
        _add(world, name=name)
    assert caught.value.field == "name"
    with world.database.read() as session:
        assert len(session.scalars(select(Source)).all()) == 1


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("base_url", "ftp://registry.test", "https://"),
        ("base_url", "https://", "https://"),
        ("base_url", "http://registry.test", "must be https"),
        ("base_url", "https://user:secret@registry.test", "no space, user name, password"),
        ("base_url", "https://registry.test/?key=secret", "query"),
        ("base_url", "https://registry.test/a b", "no space"),
        ("base_url", "https://registry.test/" + "x" * 300, "300"),
        ("base_url", "", "1 to 300"),
        ("secret_name", "", "asks for a secret"),
        ("secret_name", "MY-SECRET", "secret name"),
        ("secret_name", "S" * 81, "secret name"),
        ("member_ids", ("a b",), "member ids"),
        ("member_ids", ("m" * 101,), "member ids"),
        ("member_ids", tuple(map(str, range(201))), "up to 200"),
        ("due_hours", 0.0, "more than 0"),
        ("due_hours", 721.0, "720"),
        ("due_hours", float("nan"), "hours"),
        ("due_hours", float("inf"), "hours"),
        ("pdq_distance", 32, "change pdq_distance in the policy"),
        ("pdq_distance", -1, "from 0"),
        ("pdq_quality", 49, "change pdq_quality in the policy"),
        ("pdq_quality", 101, "to 100"),
    ],
)
def test_what_a_source_cannot_be_is_said_at_its_field_and_without_its_secrets(
    world: World, kinds: dict[str, RegistryKind], field: str, value: object, words: str
) -> None:
    wanted = replace(OURS, **{field: value})  # type: ignore[arg-type]
    with pytest.raises(SourceRefused, match=words) as caught:
        _add(world, wanted, kind=kinds["ncmec"])
    assert caught.value.field == field
    assert "secret@" not in str(caught.value)
    with world.database.read() as session:
        assert len(session.scalars(select(Source)).all()) == 1


def test_credentials_that_are_set_must_look_like_the_kind_s(
    world: World, kinds: dict[str, RegistryKind]
) -> None:
    _add(world, replace(OURS, secret_name="GOOD"), kind=kinds["ncmec"])
    with pytest.raises(SourceRefused, match="user:password"):
        _add(world, replace(OURS, secret_name="ODD"), "Odd", kinds["ncmec"])


def test_a_kind_that_needs_no_secret_takes_none(world: World) -> None:
    _add(world, SourceSettings("/lists/one.csv"), kind=replace(NCMEC, needs_secret=False))
    assert _facts(world, "NCMEC").settings.secret_name == ""
    with pytest.raises(SourceRefused, match="takes no secret"):
        _add(world, OURS, "Second", replace(NCMEC, needs_secret=False))


def test_what_the_kind_refuses_is_refused(world: World) -> None:
    def refuse(*_settings: object) -> None:
        raise Refused("no such folder")

    with pytest.raises(SourceRefused, match="no such folder"):
        _add(world, kind=replace(NCMEC, check=refuse))


def test_there_is_a_most_of_sources(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "SOURCES", 2)
    _add(world)
    with pytest.raises(SourceRefused, match="2 sources already"):
        _add(world, name="Third")


def test_a_change_says_what_was_and_what_is(world: World) -> None:
    changed = _change(world, due_hours=6.0, secret_name="new")
    wanted: dict[str, dict[str, object]] = {
        "due_hours": {"before": None, "after": 6.0},
        "secret_name": {"before": "test", "after": "new"},
    }
    assert changed == Changed(wanted)
    line = _lines(world)[-1]
    assert (line.action, line.actor, line.details["fields"]) == (
        "source.changed",
        "person:lena",
        wanted,
    )


def test_what_changes_nothing_leaves_no_trace(world: World) -> None:
    lines = _lines(world)
    assert _change(world).words() == "Nothing was changed."
    assert _lines(world) == lines


def test_a_form_that_was_opened_before_a_change_changes_nothing(world: World) -> None:
    seen = _facts(world).settings.version
    _change(world, due_hours=6.0)
    with pytest.raises(SourceRefused, match="somebody changed"):
        _change(world, seen=seen, pdq_distance=10)
    assert _facts(world).settings.pdq_distance is None
    _change(world, seen=_facts(world).settings.version, pdq_distance=10)
    assert _facts(world).settings.pdq_distance == 10


@pytest.mark.parametrize(
    "changed", [{"base_url": "https://moved.test/npo"}, {"member_ids": ("1", "2")}]
)
def test_another_address_or_other_members_mean_reading_from_the_beginning(
    world: World, changed: dict[str, Any]
) -> None:
    page = Page((record(pdq()),), (), {"place": 1}, more=False)
    sync.sync(world.database, 1, lambda _at, _now: page, world.policy)
    before = _source(world)
    assert before.checkpoint == {"place": 1}
    assert _change(world, **changed).anew
    after = _source(world)
    assert after.checkpoint is None
    assert after.checkpoint_serial == before.checkpoint_serial + 1
    assert _facts(world).active == 1


@pytest.mark.parametrize("when", ["fetched", "between two pages", "made"])
def test_what_was_fetched_from_the_old_address_is_not_applied(world: World, when: str) -> None:
    """The client that fetches was made before the change, wherever in its reading that comes."""
    with world.database.read() as session:
        serial = sources.serial(session, 1)
    asked: list[Checkpoint | None] = []

    def change() -> None:
        _change(world, base_url="https://moved.test/npo")

    def fetch(checkpoint: Checkpoint | None, _now: object) -> Page:
        asked.append(checkpoint)
        if len(asked) == 2 or when == "fetched":
            change()
        return Page((record(pdq()),), (), {"place": len(asked)}, more=True)

    if when == "made":
        change()
    sync.sync(world.database, 1, fetch, world.policy, serial=serial)
    assert _source(world).checkpoint is None
    assert _facts(world).active == (1 if when == "between two pages" else 0)


def _listed(world: World, value: bytes, member: str) -> int:
    """A hit on an entry of this member."""
    world.list_entries(record(value, member=member, entry_id=f"of-{member}"))
    return world.post(Print(Fingerprint(Algorithm.PDQ, value), 90))


def _states(world: World) -> list[str]:
    with world.database.read() as session:
        return list(session.scalars(select(Hit.state).order_by(Hit.id)))


def test_entries_of_members_no_longer_wanted_are_taken_off_at_once(world: World) -> None:
    kept, gone, removed = pdq(), pdq(), pdq()
    _listed(world, kept, "1")
    _listed(world, gone, "2")
    _listed(world, removed, "3")
    world.decide(3, "remove")
    changed = _change(world, member_ids=("1",))
    assert (changed.anew, changed.withdrawn) == (True, 2)
    assert "2 entries of other members taken off" in changed.words()
    assert (_facts(world).active, _facts(world).withdrawn, _facts(world).fingerprints) == (1, 2, 1)
    assert _states(world) == ["open", "withdrawn", "decided"]
    world.refresh_index()
    world.post(Print(Fingerprint(Algorithm.PDQ, gone), 90))
    assert len(_states(world)) == 3
    assert _lines(world)[-1].details["withdrawn"] == 2


def test_members_wanted_again_come_back_with_the_next_reading(world: World) -> None:
    value = pdq()
    _listed(world, value, "2")
    _change(world, member_ids=("1",))
    _change(world, member_ids=())
    world.list_entries(record(value, member="2", entry_id="of-2"))
    assert _facts(world).active == 1
    assert _states(world) == ["withdrawn", "open"]


def test_another_source_keeps_its_entries(world: World) -> None:
    world.source("Other")
    world.list_entries(record(pdq(), member="2"), source="Other")
    _change(world, member_ids=("1",))
    assert _facts(world, "Other").active == 1


def test_a_due_time_of_its_own_counts_for_hits_from_then_on(world: World) -> None:
    first = world.hit()
    _change(world, due_hours=2.0)
    second = world.hit()
    with world.database.read() as session:
        due = [session.get_one(Hit, hit).due_at - world.now for hit in (first, second)]
    assert due == [timedelta(hours=24), timedelta(hours=2)]


def _matches(world: World) -> list[tuple[int, int, str]]:
    with world.database.read() as session:
        query = select(Match.distance, Match.threshold, Entry.entry_id).join(Entry)
        return sorted((row[0], row[1], row[2]) for row in session.execute(query))


def test_a_source_s_own_distance_counts_for_its_entries_alone(world: World) -> None:
    strict, common = pdq(), pdq()
    world.source("Other")
    _change(world, pdq_distance=10)
    world.list_entries(record(strict, entry_id="strict"))
    world.list_entries(record(common, entry_id="common"), source="Other")
    for value in (strict, common):
        for distance in (10, 11):
            world.post(Print(Fingerprint(Algorithm.PDQ, near(value, distance)), 90))
    assert _matches(world) == [(10, 10, "strict"), (10, 31, "common"), (11, 31, "common")]


def test_a_source_s_own_quality_counts_for_its_entries(world: World) -> None:
    value = pdq()
    _change(world, pdq_quality=80)
    world.list_entries(record(value, entry_id="one"))
    for quality in (79, 80):
        world.post(Print(Fingerprint(Algorithm.PDQ, near(value, 1)), quality))
    assert len(_matches(world)) == 1


def test_an_equal_file_matches_whatever_the_thresholds(world: World) -> None:
    _change(world, pdq_distance=0, pdq_quality=100)
    value = bytes(range(16))
    world.list_entries(record(value, entry_id="file", algorithm=Algorithm.MD5))
    world.post(Print(Fingerprint(Algorithm.MD5, value), None))
    assert _matches(world) == [(0, 0, "file")]


def test_a_copy_of_what_was_removed_is_found_by_the_policy_s_distance(world: World) -> None:
    value = pdq()
    _change(world, pdq_distance=5)
    world.list_entries(record(value, entry_id="one"))
    world.post(Print(Fingerprint(Algorithm.PDQ, value), 90))
    world.decide(1, "remove")
    world.refresh_index()
    world.post(Print(Fingerprint(Algorithm.PDQ, near(value, 20)), 90))
    assert _matches(world) == [(0, 5, "one"), (20, 31, "one")]


def test_wider_thresholds_find_what_is_held_already(world: World) -> None:
    value = pdq()
    _change(world, pdq_distance=10)
    world.list_entries(record(value, entry_id="one"))
    world.post(Print(Fingerprint(Algorithm.PDQ, near(value, 20)), 90))
    assert _matches(world) == []
    changed = _change(world, pdq_distance=None)
    assert changed.matched_again
    with world.database.read() as session:
        (progress,) = sweeps.progress(session, sweeps.unfinished(session))
    assert progress.source == TAKE_IT_DOWN
    world.refresh_index()
    assert _matches(world) == [(20, 31, "one")]
    assert not _change(world, pdq_distance=5).matched_again


def test_a_policy_that_became_stricter_than_a_source_holds_for_it(world: World) -> None:
    rules = world.policy.matching.model_copy(update={"pdq_distance": 8, "pdq_quality": 60})
    assert stricter(rules, 20, 50) == rules


@given(distance=st.none() | st.integers(0, 63), quality=st.none() | st.integers(0, 100))
@check_settings(max_examples=50)
def test_no_source_is_wider_than_the_policy(distance: int | None, quality: int | None) -> None:
    rules = Matching(pdq_distance=31, pdq_quality=50)
    own = stricter(rules, distance, quality)
    assert own.pdq_distance <= rules.pdq_distance
    assert own.pdq_quality >= rules.pdq_quality


def test_a_paused_source_is_not_read_until_it_goes_on(world: World) -> None:
    _add(world)
    with world.database.write() as session:
        sources.set_paused(session, "NCMEC", paused=True, actor="test", now=world.now)
        assert sources.to_sync(session) == [1]
        sources.set_paused(session, "NCMEC", paused=False, actor="test", now=world.now)
        assert sources.to_sync(session) == [1, 2]
        sources.set_paused(session, "NCMEC", paused=False, actor="test", now=world.now)
    told = [line.action for line in _lines(world, "NCMEC")]
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
    sync.sync(world.database, 1, lambda _at, _now: pages.pop(0), world.policy, clock=world.clock)
    facts = _facts(world)
    assert (facts.active, facts.withdrawn, facts.fingerprints) == (3, 1, 4)
    assert facts.last_run is not None
    assert (facts.last_run.pages, facts.last_run.added, facts.last_run.withdrawn) == (2, 3, 1)
    assert facts.last_run.problems == 1
    with world.database.read() as session:
        (problem,) = source_list.problems(session, 1)
    assert (problem.member_id, problem.entry_id, problem.what) == ("1", "e", "odd")


def test_the_newest_sync_is_shown_first_and_each_source_has_its_own(world: World) -> None:
    _add(world)
    for minutes, source_id in enumerate((1, 2, 1)):
        now = world.now + timedelta(minutes=minutes)
        sync.note_failure(world.database, source_id, f"failure {minutes}", now)
    with world.database.read() as session:
        assert [run.error for run in source_list.runs(session, 1)] == ["failure 2", "failure 0"]
    assert [_facts(world, name).last_run.error for name in ("Take It Down", "NCMEC")] == [  # type: ignore[union-attr]
        "failure 2",
        "failure 1",
    ]
