"""Searching by a fingerprint: what is near is found, the nearest first, and no value comes back."""

import pytest

from matching.apart import Look
from matching.fingerprint import Algorithm, Fingerprint
from moderation import lookup
from moderation.content import Print
from moderation.lookup import Answer, Near
from tests.world import World, near, pdq, record


def _look(world: World, *values: bytes, quality: int | None = None) -> Answer:
    looks = [Look(Fingerprint(Algorithm.PDQ, value), quality) for value in values]
    with world.database.read() as session:
        return lookup.look(session, world.directory.current(), looks, world.policy)


def _print(value: bytes) -> Print:
    return Print(Fingerprint(Algorithm.PDQ, value), 90)


@pytest.fixture
def value(world: World) -> bytes:
    """A picture's fingerprint, with entries, content and a removal at some distance from it."""
    value = pdq()
    world.list_entries(
        record(near(value, 20), entry_id="far"),
        record(near(value, 3), entry_id="near"),
        record(near(value, 1), entry_id="gone", withdrawn=True),
        record(pdq(), entry_id="unlike"),
    )
    world.post(_print(near(value, 5)), platform_id="copy")
    world.post(_print(pdq()), platform_id="unlike")
    world.decide(1, "remove")
    world.refresh_index()
    return value


def test_entries_removals_and_content_the_nearest_first(world: World, value: bytes) -> None:
    found = _look(world, value)
    assert [(one.entry_id, one.near) for one in found.entries.rows] == [
        ("near", Near("pdq", 3)),
        ("far", Near("pdq", 20)),
    ]
    assert [(one.hit.name, one.near.distance) for one in found.removals.rows] == [("H-1", 5)]
    (content,) = found.contents.rows
    assert (content.content_id, content.near) == ("copy", Near("pdq", 5))
    assert [(hit.name, hit.state, hit.verdict) for hit in content.hits] == [
        ("H-1", "decided", "remove")
    ]
    assert not found.too_plain


def test_the_nearest_of_several_counts(world: World, value: bytes) -> None:
    found = _look(world, near(value, 10), value, pdq())
    assert found.entries.rows[0].near == Near("pdq", 3)


def test_no_value_is_in_the_answer(world: World, value: bytes) -> None:
    said = repr(_look(world, value))
    assert value.hex() not in said
    assert repr(value) not in said


def test_a_plain_picture_is_looked_for_by_its_file_alone(world: World, value: bytes) -> None:
    found = _look(world, value, quality=10)
    assert found.too_plain
    assert (len(found.entries), len(found.removals), len(found.contents)) == (0, 0, 0)


def test_an_equal_file_is_found_however_old(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    md5 = Fingerprint(Algorithm.MD5, b"m" * 16)
    world.take(Print(md5), platform_id="old")
    world.take(_print(pdq()))
    monkeypatch.setattr(lookup, "SCANNED", 1)
    with world.database.read() as session:
        found = lookup.look(session, None, [Look(md5)], world.policy)
    assert [one.content_id for one in found.contents.rows] == ["old"]
    assert found.version is None


def test_near_content_is_looked_for_among_the_newest(
    world: World, value: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "SCANNED", 1)  # the newest is unlike
    assert len(_look(world, value).contents) == 0


def test_no_more_are_shown_than_can_be_read(
    world: World, value: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "MOST", 1)
    found = _look(world, value)
    assert [one.entry_id for one in found.entries.rows] == ["near"]
    assert found.entries.more
    assert not found.contents.more
