"""Bounded pages: sizes from a list, cursors that survive nonsense."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.paging import SIZES, number_cursor, page_of, size_of


@pytest.mark.parametrize(
    ("wanted", "size"),
    [
        ("25", 25),
        ("100", 100),
        (None, 25),
        ("", 25),
        ("26", 25),
        ("-1", 25),
        ("²", 25),
        ("1e2", 25),
    ],
)
def test_a_size_is_one_of_those_there_are(wanted: str | None, size: int) -> None:
    assert size_of(wanted) == size


@given(st.text())
def test_whatever_is_asked_the_size_is_bounded(wanted: str) -> None:
    assert size_of(wanted) in SIZES


@given(st.integers(0, 30), st.integers(1, 10))
def test_pages_one_after_the_other_are_the_whole_list(count: int, size: int) -> None:
    everything = list(range(1, count + 1))
    found: list[int] = []
    after: int | None = 0
    while after is not None:
        page = page_of(everything[after : after + size + 1], size, str)
        assert len(page.rows) <= size
        found += page.rows
        after = number_cursor(page.next_cursor)
    assert found == everything


@given(st.text())
def test_a_cursor_is_a_number_that_a_row_can_have_or_none(text: str) -> None:
    number = number_cursor(text)
    assert number is None or 0 <= number < 2**63


@pytest.mark.parametrize("text", [None, "", "-1", "1.5", "²", "٣", "9" * 19, " 1", "1_0"])
def test_nonsense_is_the_first_page(text: str | None) -> None:
    assert number_cursor(text) is None
