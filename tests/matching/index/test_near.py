"""Exactness: what the index finds is what a plain scan finds, at every radius, on any list."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from matching.fingerprint import FingerprintError
from matching.index import Index, IndexDirectory, TooManyMatchesError, tables
from matching.index.tabulate import SCANNED
from tests.matching.index.lists import (
    flipped,
    like_photos,
    listed,
    near_duplicates,
    pdq,
    scanned,
)

LONG = 200_000
"""So long that tables are used at every radius: a scan is shorter up to 178,448."""

Made = tuple[Index, NDArray[np.uint8]]


def made(path: Path, values: NDArray[np.uint8]) -> Made:
    return IndexDirectory(path).publish(1, [pdq(values)]), values


@pytest.fixture(scope="module")
def long_list(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Unrelated pictures, near-duplicates, equal values, and values that share most words."""
    alike = like_photos(1_000, 3)
    alike[:, :24] = alike[0, :24]
    values = np.concatenate(
        [
            like_photos(LONG - 32_000, 1),
            near_duplicates(30_000, 300, 2),
            np.repeat(like_photos(1, 4), 1_000, axis=0),
            alike,
        ]
    )
    return made(tmp_path_factory.mktemp("long"), values)


@pytest.fixture(scope="module")
def short_list(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Without tables."""
    return made(tmp_path_factory.mktemp("short"), near_duplicates(300, 10, 5))


def is_exact(index: Made, queries: NDArray[np.uint8], radius: int) -> None:
    found, values = index
    expected = scanned(values, np.arange(len(values)), queries, radius)
    assert listed(found.near(queries, radius)) == expected


@pytest.mark.parametrize("radius", [0, 1, 7, 15, 16, 17, 30, 31, 32, 33, 47, 48, 62, 63])
def test_finds_what_a_scan_finds(long_list: Made, short_list: Made, radius: int) -> None:
    for index in (long_list, short_list):
        values = index[1]
        some = values[np.linspace(0, len(values) - 1, 8).astype(int)]
        is_exact(index, flipped(some, radius, radius), radius)
        is_exact(index, np.concatenate([some, like_photos(2, 9)]), radius)


@given(st.integers(0, LONG - 1), st.integers(0, 63), st.sets(st.integers(0, 255), max_size=70))
@settings(max_examples=150, deadline=None)
def test_finds_what_a_scan_finds_whichever_bits_differ(
    long_list: Made, place: int, radius: int, bits: set[int]
) -> None:
    query = long_list[1][place : place + 1].copy()
    for bit in bits:
        query[0, bit // 8] ^= np.uint8(1 << (bit % 8))
    is_exact(long_list, query, radius)


@given(st.integers(0, LONG - 1), st.lists(st.integers(0, 16), min_size=16, max_size=16))
@settings(max_examples=150, deadline=None)
def test_finds_every_way_of_spreading_a_distance_over_the_words(
    long_list: Made, place: int, spread: list[int]
) -> None:
    """The proof is about how many bits differ in each word: so try any numbers of them."""
    while sum(spread) > 63:
        spread[spread.index(max(spread))] -= 1
    query = long_list[1][place : place + 1].copy()
    words = query.view(np.uint16)
    for word, bits in enumerate(spread):
        words[0, word] ^= np.uint16((1 << bits) - 1)
    found = long_list[0].near(query, sum(spread))
    assert (0, place, sum(spread)) in listed(found)


def test_the_comparison_sees_one_match_that_is_missing(tmp_path: Path) -> None:
    """The twin of the tests above: an index that lacks one of many near-duplicates."""
    values = near_duplicates(300, 10, 5)
    incomplete = IndexDirectory(tmp_path).publish(1, [pdq(values[:200]), pdq(values[201:], 201)])
    with pytest.raises(AssertionError):
        is_exact((incomplete, values), values[200:201], 31)


@pytest.mark.parametrize(
    "values",
    [
        np.repeat(like_photos(1, 1), SCANNED + 1, axis=0),
        near_duplicates(SCANNED + 1_000, 1, 2),
        np.tile(np.array([0x0F] * 16 + [0xF0] * 16, np.uint8), (SCANNED + 1, 1)),
    ],
    ids=["one value", "one picture", "one word"],
)
def test_a_list_of_one_cluster_is_found_whole(tmp_path: Path, values: NDArray[np.uint8]) -> None:
    is_exact(made(tmp_path, values), flipped(values[:3], 5, 1), 31)


def test_a_costly_query_is_answered_by_a_scan_and_whole(tmp_path: Path) -> None:
    """20,000 candidates of which hardly any is near: what shares three quarters of its words."""
    values = like_photos(20_000, 1)
    values[:, :24] = values[0, :24]
    is_exact(made(tmp_path, values), values[:5], 31)


def test_threads_and_batches_change_nothing(long_list: Made) -> None:
    index, values = long_list
    queries = flipped(values[:: LONG // 1_500], 20, 1)
    alone = [listed(index.near(query[None], 31)) for query in queries]
    expected = sorted((n, key, d) for n, found in enumerate(alone) for _, key, d in found)
    assert listed(index.near(queries, 31)) == expected
    assert listed(index.near(queries, 31, threads=2)) == expected


def test_any_memory_layout_of_the_queries_is_understood(short_list: Made) -> None:
    index, values = short_list
    expected = listed(index.near(values[::3]))
    read_only = values[::3].copy()
    read_only.flags.writeable = False
    assert listed(index.near(read_only)) == expected
    assert listed(index.near(np.asfortranarray(values[::3]))) == expected


def test_nothing_asked_and_nothing_held(tmp_path: Path, short_list: Made) -> None:
    assert len(short_list[0].near(np.empty((0, 32), np.uint8))) == 0
    empty = IndexDirectory(tmp_path).publish(1, [])
    assert empty.count == 0
    assert len(empty.near(like_photos(3, 1))) == 0


@pytest.mark.parametrize("radius", [-1, 64, 256])
def test_another_radius_is_refused(short_list: Made, radius: int) -> None:
    with pytest.raises(ValueError, match="0 to 63 bits"):
        short_list[0].near(like_photos(1, 1), radius)


@pytest.mark.parametrize(
    "values",
    [np.zeros((2, 31), np.uint8), np.zeros(32, np.uint8), np.zeros((1, 32), np.int64)],
    ids=["31 bytes", "not a batch", "not bytes"],
)
def test_another_shape_is_refused(short_list: Made, values: NDArray[np.uint8]) -> None:
    with pytest.raises(FingerprintError, match=r"\(n, 32\)"):
        short_list[0].near(values)


@pytest.mark.parametrize("threads", [1, 2])
def test_more_matches_than_memory_holds_are_an_error_and_never_a_part_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    index, values = made(tmp_path, np.repeat(like_photos(1, 1), 100, axis=0))
    queries = np.repeat(values[:1], 600, axis=0)
    assert len(index.near(queries, threads=threads)) == 60_000
    monkeypatch.setattr(tables, "MAX_MATCHES", 59_999)
    with pytest.raises(TooManyMatchesError, match="smaller batches"):
        index.near(queries, threads=threads)
