"""A withdrawn entry stops matching at once, and hits that nothing else supports need nobody."""

import shutil
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from exchange.records import EntryRecord, Page
from matching.fingerprint import Algorithm, Fingerprint
from matching.index import IndexDirectory
from moderation import audit, claims, decisions, passes, sync, undo
from moderation.claims import ClaimRefused
from moderation.content import Print
from moderation.decisions import DecisionRefused
from moderation.naming import hit_name
from store.content import Content
from store.delivery import Delivery
from store.hit import Hit, Match
from store.source import Source
from tests.world import World, choice, near, pdq, record


def _gone(*entry_ids: str) -> list[EntryRecord]:
    return [record(entry_id=entry_id, withdrawn=True) for entry_id in entry_ids]


def _apply(world: World, records: list[EntryRecord]) -> None:
    """One page of the registry, without anything that follows it."""
    with world.database.write() as session:
        source = session.scalars(select(Source)).one()
        sync.apply_entries(session, source, records, world.policy, world.now)


def _post(world: World, value: bytes, platform_id: str) -> None:
    world.post(Print(Fingerprint(Algorithm.PDQ, value), 90), platform_id=platform_id)


def _hit(world: World, platform_id: str) -> Hit:
    """The newest hit on an item."""
    query = (
        select(Hit)
        .join(Content, Content.id == Hit.content_id)
        .where(Content.platform_id == platform_id)
        .order_by(Hit.id.desc())
        .limit(1)
    )
    with world.database.read() as session:
        return session.scalars(query).one()


def _told(world: World, action: str) -> list[audit.Line]:
    with world.database.read() as session:
        return list(audit.lines(session, action=action))


class Syncing(threading.Thread):
    """A sync that reads the withdrawal of `one` while the test goes on."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world
        self.raised: list[Exception] = []

    def run(self) -> None:
        """Read one page."""
        page = Page(tuple(_gone("one")), (), {}, more=False)
        try:
            with self._world.database.read() as session:
                source_id = session.scalars(select(Source.id)).one()
            sync.sync(
                self._world.database,
                source_id,
                lambda _at, _now: page,
                self._world.policy,
                clock=self._world.clock,
            )
        except DBAPIError as error:
            self.raised.append(error)

    def begin(self) -> None:
        """Start, and give it the time to come to where it has to wait."""
        self.start()
        time.sleep(0.3)


@pytest.fixture
def listed(world: World) -> bytes:
    """A value that the entries `one` and `two` list, and the content `post` carries."""
    value = pdq()
    world.list_entries(record(value, entry_id="one"), record(near(value, 5), entry_id="two"))
    _post(world, value, "post")
    return value


def test_a_hit_stays_open_while_another_entry_supports_it(world: World, listed: bytes) -> None:
    assert listed
    _apply(world, _gone("one"))
    assert _hit(world, "post").state == "open"
    _apply(world, _gone("two"))
    hit = _hit(world, "post")
    assert (hit.state, hit.closed_at) == ("withdrawn", world.now)
    (line,) = _told(world, "hit.withdrawn")
    assert (line.subject, line.actor) == (hit_name(hit.id), "system:sync")
    assert (line.details["why"], line.details["entries"]) == ("entry-withdrawn", ["entry:1/1/two"])


def test_entries_that_go_in_one_page_close_their_hit_together(world: World, listed: bytes) -> None:
    assert listed
    _apply(world, _gone("two", "one"))
    assert _hit(world, "post").state == "withdrawn"
    (line,) = _told(world, "hit.withdrawn")
    assert line.details["entries"] == ["entry:1/1/one", "entry:1/1/two"]


def test_a_decided_hit_keeps_its_decision(world: World, listed: bytes) -> None:
    assert listed
    world.decide(_hit(world, "post").id, "remove")
    _apply(world, _gone("one", "two"))
    hit = _hit(world, "post")
    assert (hit.state, hit.verdict) == ("decided", "remove")
    assert _told(world, "hit.withdrawn") == []


def test_a_removal_that_nothing_supports_any_more_is_marked_for_a_lead(
    world: World, listed: bytes
) -> None:
    hit_id = _hit(world, "post").id
    world.decide(hit_id, "remove")
    _apply(world, _gone("one"))
    assert _hit(world, "post").unsupported_at is None, "the other entry stands"
    world.later(hours=1)
    _apply(world, _gone("two"))
    assert _hit(world, "post").unsupported_at == world.now
    (line,) = _told(world, "hit.unsupported")
    assert (line.subject, line.actor) == (hit_name(hit_id), "system:sync")
    world.later(hours=1)
    _apply(world, _gone("one", "two"))
    assert len(_told(world, "hit.unsupported")) == 1
    _apply(world, [record(listed, entry_id="one")])
    assert _hit(world, "post").unsupported_at is None, "listed again as it was"


def test_a_removal_whose_entry_says_something_else_now_is_marked_too(world: World) -> None:
    value = pdq()
    world.list_entries(record(value, entry_id="one"))
    _post(world, value, "post")
    world.decide(_hit(world, "post").id, "remove")
    _apply(world, [record(pdq(), entry_id="one")])
    assert _hit(world, "post").unsupported_at == world.now
    _apply(world, [record(value, entry_id="one")])
    assert _hit(world, "post").unsupported_at is None


@pytest.mark.parametrize("verdict", ["confirm", "dispute"])
def test_what_was_not_removed_needs_no_mark(world: World, listed: bytes, verdict: str) -> None:
    assert listed
    world.decide(_hit(world, "post").id, verdict)
    _apply(world, _gone("one", "two"))
    assert _hit(world, "post").unsupported_at is None


def test_who_decides_such_a_removal_anew_has_seen_it(world: World, listed: bytes) -> None:
    assert listed
    hit_id = _hit(world, "post").id
    world.decide(hit_id, "remove")
    world.deliver()
    _apply(world, _gone("one", "two"))
    person = world.people["mona"]
    with world.database.write() as session:
        decisions.reverse(session, hit_id, 1, person, choice("dispute"), world.policy, world.now)
    hit = _hit(world, "post")
    assert (hit.verdict, hit.unsupported_at) == ("dispute", None)
    with world.database.read() as session:
        left = session.scalars(select(Delivery.action).where(Delivery.state == "waiting")).all()
    assert left == ["restore"], "of entries that are gone the registry is told nothing"


def test_an_entry_that_was_changed_gives_its_place_to_the_hit_on_what_it_is_now(
    world: World,
) -> None:
    value = pdq()
    world.list_entries(record(value, entry_id="one"))
    _post(world, value, "post")
    first = _hit(world, "post")
    world.later(hours=2)
    world.list_entries(record(near(value, 4), entry_id="one"))
    second = _hit(world, "post")
    with world.database.read() as session:
        closed = session.get_one(Hit, first.id)
    assert (closed.state, closed.closed_reason) == ("withdrawn", "entry-changed")
    assert (second.state, second.nearest) == ("open", 4)
    assert (second.opened_at, second.due_at) == (first.opened_at, first.due_at)


def test_whoever_holds_such_a_hit_is_told_why_it_is_gone(world: World, listed: bytes) -> None:
    assert listed
    hit_id = _hit(world, "post").id
    lease = world.claim(hit_id)
    _apply(world, _gone("one", "two"))
    hit = _hit(world, "post")
    assert (hit.holder_id, hit.lease_until) == (None, None)
    with pytest.raises(ClaimRefused, match="withdrew"):
        world.claim(hit_id)
    with pytest.raises(DecisionRefused, match="withdrew"), world.database.write() as session:
        decisions.decide(
            session,
            hit_id,
            lease.number,
            world.people["mona"],
            choice("confirm"),
            world.policy,
            world.now,
        )


def test_a_withdrawn_entry_matches_nothing_though_the_index_still_has_it(
    world: World, tmp_path: Path
) -> None:
    value = pdq()
    world.list_entries(record(value, entry_id="one"))
    shutil.copytree(world.directory.path, tmp_path / "behind", symlinks=True)
    _apply(world, _gone("one"))
    world.directory = IndexDirectory(tmp_path / "behind")
    _post(world, value, "post")
    with world.database.read() as session:
        assert session.scalars(select(Hit)).all() == []


def test_listed_again_the_content_is_found_again(world: World, listed: bytes) -> None:
    _apply(world, _gone("one", "two"))
    first = _hit(world, "post").id
    world.list_entries(record(listed, entry_id="one"))
    again = _hit(world, "post")
    assert (again.state, again.id != first) == ("open", True)


def test_listed_again_what_was_decided_stays_decided(world: World, listed: bytes) -> None:
    world.decide(_hit(world, "post").id, "dispute")
    _apply(world, _gone("one", "two"))
    world.list_entries(record(listed, entry_id="one"))
    assert _hit(world, "post").verdict == "dispute"


def test_a_match_that_is_being_made_is_closed_with_the_others(world: World) -> None:
    """The pass has looked the entry up and not yet committed its hit when the entry goes."""
    value = pdq()
    world.list_entries(record(value, entry_id="one"))
    index = world.number_version()
    content_id = world.take(Print(Fingerprint(Algorithm.PDQ, value), 90))
    syncing = Syncing(world)
    with world.database.write() as session:
        (content,) = passes.locked_content(session, Content.id == content_id)
        passes.match_and_record(session, [content], index, world.policy, world.now)
        syncing.begin()
    syncing.join()
    assert syncing.raised == []
    with world.database.read() as session:
        (hit,) = session.scalars(select(Hit))
    assert hit.state == "withdrawn"


def test_a_hit_that_gains_support_meanwhile_stays_open(world: World) -> None:
    """A pass adds an active entry's match to the hit while its only entry is being withdrawn."""
    value = pdq()
    world.list_entries(record(value, entry_id="one"))
    _post(world, value, "post")
    _apply(world, [record(near(value, 3), entry_id="two")])
    index = world.number_version()
    syncing = Syncing(world)
    with world.database.write() as session:
        contents = passes.locked_content(session, Content.platform_id == "post")
        passes.match_and_record(session, contents, index, world.policy, world.now)
        syncing.begin()
    syncing.join()
    assert syncing.raised == []
    hit = _hit(world, "post")
    with world.database.read() as session:
        assert len(session.scalars(select(Match).where(Match.hit_id == hit.id)).all()) == 2
    assert hit.state == "open"


def test_a_withdrawal_and_a_decision_do_not_wait_for_each_other(world: World) -> None:
    """The decision holds the hit and goes on to name the source; the sync holds the source."""
    value = pdq()
    world.list_entries(record(value, entry_id="one"))
    _post(world, value, "post")
    hit_id = _hit(world, "post").id
    person = world.people["mona"]
    syncing = Syncing(world)
    with world.database.write() as session:
        lease = claims.claim(session, hit_id, person, world.policy, world.now)
        syncing.begin()
        decisions.decide(
            session, hit_id, lease.number, person, choice("confirm"), world.policy, world.now
        )
    syncing.join()
    assert syncing.raised == []
    assert _hit(world, "post").state == "decided"


def test_a_withdrawal_and_an_undo_leave_no_open_hit_that_nothing_supports(world: World) -> None:
    """The undo has looked at the entry and not yet committed when the entry goes."""
    value = pdq()
    world.list_entries(record(value, entry_id="one"))
    _post(world, value, "post")
    hit_id = _hit(world, "post").id
    world.decide(hit_id, "confirm")
    person = world.people["mona"]
    syncing = Syncing(world)
    with world.database.write() as session:
        undo.undo(session, hit_id, 1, person, world.policy, world.now)
        syncing.begin()
    syncing.join()
    assert syncing.raised == []
    assert _hit(world, "post").state == "withdrawn"
