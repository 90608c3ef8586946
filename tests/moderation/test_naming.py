"""References: one form for each noun, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.naming import content_name, decision_name, entry_name, hit_name, hit_number


@given(st.integers(1, 10**18 - 1))
def test_a_hits_reference_leads_back_to_it(number: int) -> None:
    assert hit_number(hit_name(number)) == number
    assert hit_number(f" {hit_name(number).lower()} ") == number
    assert hit_number(str(number)) == number


@pytest.mark.parametrize("name", ["", "H-", "H", "D-1", "H-1a", "H--1", "H-²", "H-" + "9" * 19])
def test_anything_else_is_no_reference(name: str) -> None:
    assert hit_number(name) is None


@given(st.text())
def test_whatever_is_typed_the_number_fits_a_row(text: str) -> None:
    number = hit_number(text)
    assert number is None or 0 <= number < 2**63


def test_each_noun_has_its_form() -> None:
    assert decision_name(12) == "D-12"
    assert entry_name(3, "42", "abc") == "entry:3/42/abc"
    assert content_name("post/1") == "content:post/1"
