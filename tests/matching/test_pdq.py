"""The hash and the order of its bits, held against Meta's own hasher."""

import pytest
from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_file
from threatexchange.signal_type.pdq.signal import PdqSignal

from matching.fingerprint import Algorithm, Fingerprint
from matching.pdq import MIN_QUALITY, distance, hash_pixels
from tests.matching.pictures import DATA, PHOTOS, drawn, flat, photo, pixels


@pytest.mark.parametrize("name", PHOTOS)
def test_hash_and_quality_are_those_of_metas_hasher(name: str) -> None:
    theirs, quality = pdq_from_file(DATA / name)
    with_largest = 10_000  # the picture as it is, not made smaller
    ours, our_quality = hash_pixels(pixels(photo(name, with_largest)))
    assert ours.hex == theirs
    assert our_quality == quality


def test_metas_signal_type_reads_our_hex_as_its_own() -> None:
    ours, _ = hash_pixels(pixels(photo("astronaut.png", 10_000)))
    theirs = PdqSignal.hash_from_file(DATA / "astronaut.png")
    assert PdqSignal.validate_signal_str(ours.hex) == theirs


def test_distance_counts_differing_bits() -> None:
    one = Fingerprint(Algorithm.PDQ, bytes(32))
    other = Fingerprint(Algorithm.PDQ, bytes([0b1000_0001, *bytes(30), 0xFF]))
    assert distance(one, other) == 10
    assert distance(other, one) == 10
    assert distance(other, other) == 0


def test_unlike_pictures_are_far_apart() -> None:
    one, _ = hash_pixels(pixels(drawn(1)))
    other, _ = hash_pixels(pixels(drawn(2)))
    assert distance(one, other) > 80


def test_flat_picture_is_below_the_quality_that_matches() -> None:
    _, quality = hash_pixels(pixels(flat()))
    assert quality < MIN_QUALITY


@pytest.mark.parametrize("side", [1, 2, 5, 63, 64, 65])
def test_tiny_pictures_have_a_hash(side: int) -> None:
    fingerprint, quality = hash_pixels(pixels(drawn(3, side, side)))
    assert len(fingerprint.value) == 32
    assert 0 <= quality <= 100
