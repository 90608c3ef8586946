"""How long the other side asks us to wait: the `Retry-After` header (RFC 9110, section 10.2.3)."""

from collections.abc import Mapping
from datetime import datetime

from exchange.timestamps import read_http_date

LONGEST = 24 * 60 * 60.0
"""Seconds. A wish beyond a day is taken for a day, so that a slip of theirs cannot park us."""


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait, from 0 to LONGEST; None where the header is missing or unreadable.

    The header holds seconds or an HTTP date. A date is measured against the answer's own `Date`
    where there is one, so that a clock that is wrong on either side does not matter.
    """
    wish = headers.get("retry-after", "").strip()
    if wish.isascii() and wish.isdigit():
        seconds = float(wish)
    else:
        then = read_http_date(wish)
        if then is None:
            return None
        seconds = (then - (read_http_date(headers.get("date", "")) or now)).total_seconds()
    return min(max(seconds, 0.0), LONGEST)
