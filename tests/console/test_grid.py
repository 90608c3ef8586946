"""The grid says exactly the differing bits, and says them where a person looks for them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.grid import difference_grid
from matching.pdq import Pixels, hash_pixels

xors = st.binary(min_size=32, max_size=32)


def xor(one: Pixels, other: Pixels) -> bytes:
    first, _ = hash_pixels(np.ascontiguousarray(one))
    second, _ = hash_pixels(np.ascontiguousarray(other))
    return bytes(a ^ b for a, b in zip(first.value, second.value, strict=True))


@pytest.fixture(scope="module")
def drawing() -> Pixels:
    """A smooth random drawing: enough structure for every coefficient to be well off zero."""
    noise = np.random.default_rng(7).normal(size=(256, 256))
    soft = np.fft.fft2(noise) * np.exp(-np.hypot(*np.meshgrid(*[np.fft.fftfreq(256)] * 2)) * 12)
    field = np.real(np.fft.ifft2(soft))
    grey = (255 * (field - field.min()) / np.ptp(field)).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


@given(xors)
def test_every_differing_bit_is_one_cell_and_nothing_else_is(value: bytes) -> None:
    cells = difference_grid(value)
    rebuilt = sum(
        1 << ((row.number - 1) * 16 + column - 1) for row in cells.rows for column in row.columns
    )
    assert rebuilt.to_bytes(32, "big") == value
    assert cells.count == int.from_bytes(value, "big").bit_count()


@given(xors)
def test_the_drawing_and_the_text_say_the_same(value: bytes) -> None:
    cells = difference_grid(value)
    assert cells.path.count("M") == cells.count
    assert cells.sentence.startswith(cells.summary)
    assert cells.sentence.count("row ") == len(cells.rows)
    assert all(1 <= n <= 16 for row in cells.rows for n in (row.number, *row.columns))


def test_no_difference_has_words_too() -> None:
    assert difference_grid(bytes(32)).sentence == "None of 256 bits differ."


def test_the_words_of_few_differences() -> None:
    # Bit 255 stands first in the bytes and last in the grid, bit 0 the other way round.
    assert difference_grid(bytes(31) + b"\x01").sentence == (
        "1 of 256 bits differs: row 1: column 1."
    )
    assert difference_grid(b"\xc0" + bytes(30) + b"\x02").sentence == (
        "3 of 256 bits differ: row 1: column 2; row 16: columns 15, 16."
    )


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match=f"32 bytes, not {length}"):
        difference_grid(bytes(length))


def test_columns_are_the_picture_s_left_to_right_and_count_from_coarse(drawing: Pixels) -> None:
    """Mirroring a picture turns the sign of every coefficient of odd frequency from left to
    right. Column 1 is frequency 1: so columns 1, 3, 5 ... change, in every row, and no others."""
    cells = difference_grid(xor(drawing, drawing[:, ::-1]))
    columns = [column for row in cells.rows for column in row.columns]
    assert len(columns) > 100
    assert sum(column % 2 for column in columns) > 0.8 * len(columns)


def test_rows_are_the_picture_s_top_to_bottom_and_count_from_coarse(drawing: Pixels) -> None:
    cells = difference_grid(xor(drawing, drawing[::-1]))
    assert cells.count > 100
    assert sum(len(row.columns) for row in cells.rows if row.number % 2) > 0.8 * cells.count
