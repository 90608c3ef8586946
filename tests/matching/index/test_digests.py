"""Equality of MD5 and SHA-1, and of PDQ."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.fingerprint import Algorithm, FingerprintError
from matching.index import IndexDirectory
from tests.matching.index.lists import MD5, PDQ, SHA1, digest, like_photos, listed, rows


def digests(*names: str) -> list[bytes]:
    return [digest(MD5, name.encode()) for name in names]


def test_finds_each_key_of_an_equal_value(tmp_path: Path) -> None:
    index = IndexDirectory(tmp_path).publish(1, rows(MD5, digests("a", "b", "a"), 10))
    assert listed(index.equal(MD5, digests("a", "c", "b"))) == [(0, 10, 0), (0, 12, 0), (2, 11, 0)]
    assert len(index.equal(SHA1, [digest(SHA1, b"a")])) == 0
    assert len(index.equal(MD5, [])) == 0


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_finds_what_comparing_finds(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Values that agree in their first bytes, which are all that the binary search sees."""
    algorithm = data.draw(st.sampled_from([MD5, SHA1]))
    front = st.sampled_from([bytes(7), bytes(8), b"\xff" * 8])
    value = st.builds(
        lambda start, end: (start + end * 20)[: algorithm.size], front, st.binary(min_size=1)
    )
    held = data.draw(st.lists(value, max_size=30))
    asked = data.draw(st.lists(st.one_of(value, st.sampled_from(held or [bytes(20)])), max_size=9))
    asked = [(a + bytes(20))[: algorithm.size] for a in asked]
    index = IndexDirectory(tmp_path_factory.mktemp("d")).publish(1, rows(algorithm, held))
    expected = [(q, k, 0) for q, a in enumerate(asked) for k, h in enumerate(held) if a == h]
    assert listed(index.equal(algorithm, asked)) == expected


def test_equality_of_pdq_is_a_distance_of_nothing(tmp_path: Path) -> None:
    values = [bytes(value) for value in like_photos(3, 1)]
    index = IndexDirectory(tmp_path).publish(1, rows(PDQ, [*values, values[0]]))
    assert listed(index.equal(PDQ, [values[0], values[2]])) == [(0, 0, 0), (0, 3, 0), (1, 2, 0)]
    assert len(index.equal(PDQ, [])) == 0


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_wrong_length_is_refused_and_named(tmp_path: Path, algorithm: Algorithm) -> None:
    directory = IndexDirectory(tmp_path)
    index = directory.publish(1, [])
    wrong = b"\xab" * (algorithm.size - 1)
    with pytest.raises(FingerprintError, match="number 1 of the batch") as refused:
        index.equal(algorithm, [bytes(algorithm.size), wrong])
    assert "ab" * 8 not in str(refused.value)
    with pytest.raises(FingerprintError, match="under key 7 has"):
        directory.publish(2, rows(algorithm, [wrong], 7))
