"""Times as a page says them: absolute in UTC for the record, relative for the person.

Moderators of one queue sit in several time zones, and a due time must mean the same to all.
"""

from datetime import UTC, datetime

STEPS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def relative(at: datetime) -> str:
    """The distance from now in its largest unit, rounded down: "in 3 hours", "2 days ago".

    `at` is aware; a naive time raises TypeError.
    """
    seconds = (at - datetime.now(UTC)).total_seconds()
    for length, unit in STEPS:
        number = int(abs(seconds) // length)
        if number:
            amount = f"{number} {unit}{'' if number == 1 else 's'}"
            return f"in {amount}" if seconds > 0 else f"{amount} ago"
    return "in less than a minute" if seconds > 0 else "just now"


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:  # astimezone would take it for this machine's time
        raise TypeError("a time without a zone cannot be shown; the store hands out UTC")
    return at.astimezone(UTC)


def absolute(at: datetime) -> str:
    """The moment in UTC to the minute, as people write it: "1 Mar 2026, 12:00 UTC"."""
    there = _utc(at)
    return f"{there.day} {there:%b %Y, %H:%M} UTC"


def machine(at: datetime) -> str:
    """The moment for a `datetime` or `data-` attribute: "2026-03-01T12:00:00Z"."""
    return f"{_utc(at):%Y-%m-%dT%H:%M:%SZ}"


def minutes_until(at: datetime) -> int:
    """Whole minutes from now until `at`, rounded up; 0 when it has passed."""
    seconds = (at - datetime.now(UTC)).total_seconds()
    return max(0, -int(-seconds // 60))
