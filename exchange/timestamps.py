"""Times on the wire: always UTC, whatever the machine's zone. Never a local time with a Z."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def read_utc(text: str) -> datetime:
    """An ISO 8601 time, with or without fractions, as an aware UTC datetime.

    A time without a zone is taken for UTC. Raises ValueError, without the text in it.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("a time is written as YYYY-MM-DDTHH:MM:SSZ; this is none") from None


def read_http_date(text: str) -> datetime | None:
    """The date of an HTTP header (RFC 9110, section 5.6.7), aware; None where it is none."""
    try:
        moment = parsedate_to_datetime(text)
        # An HTTP date is always GMT; one that ends in "-0000" would come back naive.
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def write_utc(moment: datetime) -> str:
    """`YYYY-MM-DDTHH:MM:SSZ`, whole seconds, rounded down. Raises ValueError for a naive time."""
    return aware(moment).strftime("%Y-%m-%dT%H:%M:%SZ")


def aware(moment: datetime) -> datetime:
    """The same moment in UTC. Raises ValueError for a naive time: nobody knows which it means."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone was given; use datetime.now(UTC)")
    return moment.astimezone(UTC)
