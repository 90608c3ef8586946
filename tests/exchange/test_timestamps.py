"""Times on the wire."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.timestamps import aware, read_http_date, read_utc, write_utc

_zones = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_moments = st.builds(
    lambda seconds, zone: (
        datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    ).astimezone(zone),
    st.integers(-(10**9), 10**9),
    _zones,
)


@given(_moments)
def test_what_is_written_is_read_back_as_the_same_moment_in_utc(moment: datetime) -> None:
    text = write_utc(moment)
    assert read_utc(text) == moment
    assert read_utc(text).tzinfo is UTC
    assert len(text) == len("2026-03-01T12:00:00Z")


@given(st.text())
def test_any_text_is_a_time_or_a_value_error_that_does_not_repeat_it(text: str) -> None:
    said = ""
    try:
        assert read_utc(text).tzinfo is UTC
    except ValueError as error:
        said = str(error)
    assert said in ("", "a time is written as YYYY-MM-DDTHH:MM:SSZ; this is none")


@given(st.text())
def test_any_text_is_an_http_date_or_none(text: str) -> None:
    moment = read_http_date(text)
    assert moment is None or moment.tzinfo is UTC


def test_a_naive_time_is_not_guessed_at() -> None:
    naive = datetime(2026, 3, 1, 12, tzinfo=UTC).replace(tzinfo=None)
    for use in (aware, write_utc):
        with pytest.raises(ValueError, match="without a zone"):
            use(naive)
