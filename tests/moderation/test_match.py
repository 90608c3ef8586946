"""What matches: every pair within the threshold and no other, against plain counting of bits."""

import dataclasses
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from exchange.records import MediaKind
from matching.fingerprint import Algorithm, Fingerprint
from matching.index import IndexDirectory
from moderation.content import Print
from store.content import ContentFingerprint
from store.entry import EntryFingerprint
from store.hit import Match
from tests.world import World, near, pdq, record

BASES = [pdq() for _ in range(2)]
# A value near one of two, so that pairs lie on both sides of the threshold of 31 bits.
NEARBY = st.tuples(st.sampled_from(BASES), st.sets(st.integers(0, 255), max_size=18))


def _print(value: bytes, quality: int | None = 90, at: float | None = None) -> Print:
    return Print(Fingerprint(Algorithm.PDQ, value), quality, at)


def _flipped(base: bytes, bits: set[int]) -> bytes:
    number = int.from_bytes(base, "big")
    for bit in bits:
        number ^= 1 << bit
    return number.to_bytes(32, "big")


def _distance(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()


def _matches(world: World) -> list[Match]:
    with world.database.read() as session:
        return list(session.scalars(select(Match).order_by(Match.id)))


@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.generate],  # each round stands on those before it
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(listed=st.lists(NEARBY, min_size=1, max_size=3), posted=st.lists(NEARBY, max_size=3))
def test_every_pair_within_31_bits_matches_and_no_other(
    world: World, listed: list[tuple[bytes, set[int]]], posted: list[tuple[bytes, set[int]]]
) -> None:
    """What was listed first and what was posted first: each round adds to what is there."""
    world.list_entries(record(pdq()))
    for base, bits in posted[:1]:
        world.post(_print(_flipped(base, bits)))
    world.list_entries(*(record(_flipped(base, bits)) for base, bits in listed))
    for base, bits in posted[1:]:
        world.post(_print(_flipped(base, bits)))
    with world.database.read() as session:
        values: dict[int, bytes] = {
            row.entry_id: row.value for row in session.scalars(select(EntryFingerprint))
        }
        contents: dict[int, bytes] = {
            row.content_id: row.value for row in session.scalars(select(ContentFingerprint))
        }
    expected = {
        (content_id, entry_id, _distance(mine, theirs))
        for content_id, mine in contents.items()
        for entry_id, theirs in values.items()
        if _distance(mine, theirs) <= 31
    }
    found = _matches(world)
    assert {(one.content_id, one.entry_id, one.distance) for one in found} == expected
    assert len(found) == len(expected)
    for one in found:
        both = zip(contents[one.content_id], values[one.entry_id], strict=True)
        assert one.difference == bytes(mine ^ theirs for mine, theirs in both)


@pytest.mark.parametrize(("distance", "found"), [(0, 1), (31, 1), (32, 0)])
def test_the_threshold_is_31_bits_inclusive(world: World, distance: int, found: int) -> None:
    value = pdq()
    world.list_entries(record(value))
    world.post(_print(near(value, distance)))
    matches = _matches(world)
    assert [(one.distance, one.threshold) for one in matches] == [(distance, 31)] * found


@pytest.mark.parametrize(("quality", "found"), [(0, 0), (49, 0), (50, 1), (100, 1), (None, 1)])
def test_too_plain_a_picture_is_never_matched(
    world: World, quality: int | None, found: int
) -> None:
    before, after = pdq(), pdq()
    world.list_entries(record(before))
    world.post(_print(before, quality))
    world.post(_print(after, quality))
    world.list_entries(record(after))  # and no sweep matches it either
    assert [one.quality for one in _matches(world)] == [quality] * 2 * found


@pytest.mark.parametrize("algorithm", [Algorithm.MD5, Algorithm.SHA1])
def test_files_match_when_they_are_equal(world: World, algorithm: Algorithm) -> None:
    value = bytes(range(algorithm.size))
    other = bytes([*value[:-1], value[-1] ^ 1])
    world.list_entries(record(value, algorithm=algorithm))
    world.post(Print(Fingerprint(algorithm, other)))
    assert _matches(world) == []
    world.post(Print(Fingerprint(algorithm, value)))
    (match,) = _matches(world)
    assert (match.algorithm, match.distance, match.threshold) == (algorithm, 0, 0)
    assert (match.difference, match.quality) == (None, None)


def test_each_algorithm_that_matches_is_a_match_of_its_own(world: World) -> None:
    """The registry is told of each by itself."""
    value, md5 = pdq(), b"m" * 16
    prints = (Fingerprint(Algorithm.PDQ, value), Fingerprint(Algorithm.MD5, md5))
    world.list_entries(dataclasses.replace(record(), fingerprints=prints))
    world.post(_print(near(value, 4)), Print(Fingerprint(Algorithm.MD5, md5)))
    found = {(one.algorithm, one.distance) for one in _matches(world)}
    assert found == {("pdq", 4), ("md5", 0)}


def test_of_several_fingerprints_of_an_entry_the_nearest_is_shown(world: World) -> None:
    value = pdq()
    world.list_entries(record(near(value, 9), near(value, 3), near(value, 20)))
    world.post(_print(value))
    assert [one.distance for one in _matches(world)] == [3]


def test_a_listed_picture_is_found_in_a_film_with_the_places_where_it_stands(world: World) -> None:
    value = pdq()
    world.list_entries(record(value))
    world.post(
        _print(pdq(), at=0.0),
        _print(near(value, 12), 80, at=1.0),
        _print(near(value, 2), 40, at=2.0),  # nearer, and too plain
        _print(near(value, 5), 70, at=3.5),
        _print(near(value, 40), at=4.0),
        Print(Fingerprint(Algorithm.MD5, b"f" * 16)),
        kind=MediaKind.VIDEO,
    )
    (match,) = _matches(world)
    assert (match.distance, match.quality, match.frames) == (5, 70, [1.0, 3.5])


def test_a_film_is_found_by_its_file(world: World) -> None:
    world.list_entries(record(b"f" * 16, algorithm=Algorithm.MD5))
    film = (_print(pdq(), at=0.0), Print(Fingerprint(Algorithm.MD5, b"f" * 16)))
    world.post(*film, kind=MediaKind.VIDEO)
    (match,) = _matches(world)
    assert (match.algorithm, match.frames) == ("md5", [])


def test_a_fingerprint_that_its_entry_no_longer_has_matches_nothing(
    world: World, tmp_path: Path
) -> None:
    """At once: also where the index still holds it."""
    old, new = pdq(), pdq()
    world.list_entries(record(old, entry_id="one"))
    shutil.copytree(world.directory.path, tmp_path / "behind", symlinks=True)
    world.list_entries(record(new, entry_id="one"))
    world.directory = IndexDirectory(tmp_path / "behind")
    world.post(_print(old))
    assert _matches(world) == []


def test_a_match_names_the_version_of_the_list_it_was_made_with(world: World) -> None:
    first, second = pdq(), pdq()
    world.list_entries(record(first))
    world.list_entries(record(second))
    world.post(_print(first))
    assert [one.index_version for one in _matches(world)] == [2]
