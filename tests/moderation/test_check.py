"""At upload time: allow, hold or block, at once, and a hit for whatever is not allowed."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import func, select

from exchange.records import MediaKind
from matching.fingerprint import Algorithm, Fingerprint
from matching.index import IndexDirectory
from moderation import check
from moderation.check import Answer, Checks, NoIndex
from moderation.content import Item, Print
from store.content import Content
from store.hit import Hit
from tests.world import World, near, pdq, record


def _ask(world: World, value: bytes, platform_id: str = "upload", quality: int = 90) -> Checks:
    item = Item(platform_id, MediaKind.IMAGE, (Print(Fingerprint(Algorithm.PDQ, value), quality),))
    return check.check(world.database, world.directory, world.policy, [item], world.now)


def _stored(world: World) -> int:
    with world.database.read() as session:
        return session.scalar(select(func.count()).select_from(Content)) or 0


def test_what_is_near_to_nothing_is_allowed_and_leaves_no_trace(world: World) -> None:
    assert _ask(world, pdq()).answers[0].answer is Answer.ALLOW  # before there is a list
    world.list_entries(record(pdq()))
    assert _ask(world, pdq()).answers[0].answer is Answer.ALLOW
    assert _stored(world) == 0


def test_an_exact_copy_is_blocked_and_a_near_one_held_each_with_its_hit(world: World) -> None:
    listed = pdq()
    world.list_entries(record(listed))
    exact = _ask(world, listed, "exact").answers[0]
    close = _ask(world, near(listed, 31), "close").answers[0]
    assert (exact.answer, close.answer) == (Answer.BLOCK, Answer.HOLD)
    with world.database.read() as session:
        hits = set(session.scalars(select(Hit.id).where(Hit.state == "open")))
    assert {exact.hit_id, close.hit_id} == hits


def test_just_beyond_the_threshold_and_too_plain_are_allowed(world: World) -> None:
    listed = pdq()
    world.list_entries(record(listed))
    assert _ask(world, near(listed, 32)).answers[0].answer is Answer.ALLOW
    assert _ask(world, listed, quality=49).answers[0].answer is Answer.ALLOW
    assert _stored(world) == 0


def test_a_withdrawn_entry_holds_nothing_though_the_index_still_has_it(
    world: World, tmp_path: Path
) -> None:
    listed = pdq()
    world.list_entries(record(listed, entry_id="one"))
    shutil.copytree(world.directory.path, tmp_path / "behind", symlinks=True)
    world.list_entries(record(entry_id="one", withdrawn=True))
    world.directory = IndexDirectory(tmp_path / "behind")
    assert _ask(world, listed).answers[0].answer is Answer.ALLOW


def test_what_was_removed_is_blocked_and_what_was_disputed_allowed(world: World) -> None:
    listed = pdq()
    world.list_entries(record(listed))
    bad, fine = near(listed, 10), near(listed, 12)
    for platform_id, value, verdict in (("bad", bad, "remove"), ("fine", fine, "dispute")):
        hit = _ask(world, value, platform_id).answers[0].hit_id
        assert hit is not None
        world.decide(hit, verdict)
    assert _ask(world, bad, "bad").answers[0].answer is Answer.BLOCK
    assert _ask(world, fine, "fine").answers[0].answer is Answer.ALLOW


def test_a_copy_of_what_was_removed_is_blocked_under_another_id(world: World) -> None:
    listed = pdq()
    world.list_entries(record(listed))
    bad = near(listed, 31)
    hit = _ask(world, bad, "bad").answers[0].hit_id
    assert hit is not None
    world.decide(hit, "remove")
    world.refresh_index()
    assert _ask(world, bad, "again").answers[0].answer is Answer.BLOCK


def test_asked_twice_there_is_one_hit(world: World) -> None:
    listed = pdq()
    world.list_entries(record(listed))
    first, second = _ask(world, listed), _ask(world, listed)
    assert first.answers == second.answers
    with world.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Hit)) == 1


def test_a_host_without_an_index_says_so_and_allows_nothing(world: World, tmp_path: Path) -> None:
    world.list_entries(record(pdq()))
    world.directory = IndexDirectory(tmp_path / "another host")
    with pytest.raises(NoIndex, match="not built its index"):
        _ask(world, pdq())
