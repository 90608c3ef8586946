"""How long a server asks us to wait."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.retry_after import LONGEST, retry_after

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wish", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Sun, 01 Mar 2026 12:01:00 GMT", 60),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("Sun, 01 Mar 2026 12:01:00 -0000", 60),
        ("Sunday, 01-Mar-26 12:00:30 GMT", 30),
        ("Sun, 01 Mar 2099 12:01:00 GMT", LONGEST),
        ("9" * 400, LONGEST),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("soon", None),
    ],
)
def test_seconds_and_dates_are_understood(wish: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": wish}, NOW) == seconds


def test_a_date_is_measured_by_the_servers_own_clock() -> None:
    headers = {
        "retry-after": "Sun, 01 Mar 2026 20:00:30 GMT",
        "date": "Sun, 01 Mar 2026 20:00:00 GMT",
    }
    assert retry_after(headers, NOW) == 30


def test_no_wish_is_none() -> None:
    assert retry_after({}, NOW) is None


@given(st.text(), st.text())
def test_any_header_gives_a_wait_within_bounds_or_none(wish: str, date: str) -> None:
    seconds = retry_after({"retry-after": wish, "date": date}, NOW)
    assert seconds is None or 0 <= seconds <= LONGEST
