"""What is never matched, and above all that no photograph is among it."""

from pathlib import Path

import numpy as np
import pdqhash
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from matching.index import IndexDirectory, degenerate
from tests.matching.index.lists import MD5, PDQ, SHA1, digest, flipped, like_photos, pdq, rows

PHOTOS = ["astronaut", "camera", "coffee", "chelsea", "coins", "page", "clock", "text", "moon"]


def fingerprint(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    bits, _quality = pdqhash.compute(np.ascontiguousarray(picture))
    return np.packbits(np.asarray(bits, np.uint8))[None]


def is_degenerate(values: NDArray[np.uint8]) -> bool:
    return bool(degenerate(PDQ, values)[0])


@pytest.mark.parametrize("name", PHOTOS)
def test_a_photograph_is_matched(name: str) -> None:
    photo: NDArray[np.uint8] = getattr(skimage.data, name)()
    if photo.ndim == 2:
        photo = np.repeat(photo[..., None], 3, axis=2)
    for altered in (photo, photo[::2, ::2], photo[:, ::-1], photo // 2 + 60, photo // 64 * 64):
        assert not is_degenerate(fingerprint(altered))
    height, width = photo.shape[:2]
    for top in range(0, height - height // 3, height // 6):
        for left in range(0, width - width // 3, width // 6):
            crop = photo[top : top + height // 3, left : left + width // 3]
            bits, quality = pdqhash.compute(np.ascontiguousarray(crop))
            plain = is_degenerate(np.packbits(np.asarray(bits, np.uint8))[None])
            assert quality < 50 or not plain


def test_none_of_ten_thousand_values_like_photographs_is_set_aside() -> None:
    assert not degenerate(PDQ, like_photos(10_000, 1)).any()


colour = st.tuples(*[st.integers(0, 255)] * 3)
size = st.sampled_from([(64, 64), (100, 64), (512, 512), (600, 800), (640, 480)])


@given(colour, size, st.integers(0, 31), st.integers(0, 1_000))
@settings(max_examples=60, deadline=None)
def test_an_evenly_flat_picture_and_all_within_its_reach_are_not(
    colour: tuple[int, int, int], size: tuple[int, int], bits: int, seed: int
) -> None:
    flat = fingerprint(np.full((*size, 3), colour, np.uint8))
    assert is_degenerate(flipped(flat, bits, seed))


def test_most_flat_pictures_of_an_uneven_size_are_not() -> None:
    """The others look like a picture with one edge: see matching.index.degenerate."""
    sizes = [(256, 256), (200, 200), (300, 400), (183, 171)]
    flat = [np.full((*size, 3), grey, np.uint8) for size in sizes for grey in range(0, 256, 5)]
    caught = degenerate(PDQ, np.concatenate([fingerprint(picture) for picture in flat]))
    assert caught.mean() > 0.9


@given(st.booleans(), st.integers(0, 31), st.integers(0, 1_000))
@settings(max_examples=30, deadline=None)
def test_an_all_but_empty_value_is_not(full: bool, bits: int, seed: int) -> None:
    assert is_degenerate(flipped(np.full((1, 32), 255 * full, np.uint8), bits, seed))


def test_plain_stripes_and_halves_are_not() -> None:
    half = np.zeros((512, 512, 3), np.uint8)
    half[:, 256:] = 255
    stripes = np.zeros((512, 512, 3), np.uint8)
    stripes[np.arange(512) // 32 % 2 == 0] = 255
    assert is_degenerate(fingerprint(half))
    assert is_degenerate(fingerprint(stripes))


def test_the_limits_are_31_bits_from_the_median() -> None:
    def with_bits(count: int) -> NDArray[np.uint8]:
        bits = np.zeros(256, np.uint8)
        bits[np.random.default_rng(7).permutation(256)[:count]] = 1
        return np.packbits(bits)[None]

    assert [is_degenerate(with_bits(n)) for n in (96, 97, 159, 160)] == [True, False, False, True]


def test_a_file_of_no_bytes_is_not() -> None:
    for algorithm in (MD5, SHA1):
        joined = digest(algorithm, b"") + digest(algorithm, b"x")
        values = np.frombuffer(joined, np.uint8).reshape(2, -1)
        assert degenerate(algorithm, values).tolist() == [True, False]


def test_what_is_set_aside_is_counted_and_never_found(tmp_path: Path) -> None:
    empty = np.zeros((2, 32), np.uint8)
    photos = like_photos(5, 1)
    directory = IndexDirectory(tmp_path)
    no_bytes = rows(MD5, [digest(MD5, b"")], 50)
    index = directory.publish(1, [pdq(photos), pdq(empty, 100), *no_bytes])
    assert (index.count, index.set_aside) == (5, 3)
    assert len(index.near(empty, 63)) == 0
    assert len(index.equal(MD5, [digest(MD5, b"")])) == 0

    index = directory.amend(2, [pdq(empty[:1], 200)], [100, 0], since=1)
    assert (index.count, index.set_aside) == (4, 3)
    index = directory.amend(3, [pdq(like_photos(1, 2), 200)], [50], since=2)
    assert (index.count, index.set_aside) == (5, 1)
