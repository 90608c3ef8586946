"""Where a fetch stands: which time has been read whole, and which page of the next window is due.

Entries come out of time order, so nothing smaller than a whole window may be taken for read. Its
bounds move when its last page has been read, and never back. A `next` that has grown old, or that
the server no longer knows, begins the same window again: entries are whole records, and applying
one twice changes nothing.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from exchange.errors import Refused
from exchange.ncmec.assumed import BEGINNING, NEXT_LIFE, RESTART_PAUSE, SETTLE
from exchange.records import Checkpoint
from exchange.timestamps import aware, read_utc, write_utc


@dataclass(frozen=True, slots=True)
class Window:
    """Everything up to and including `since` has been read; the rest up to `until` is being read.

    Outside a window `until` equals `since`. `next` is the path of the page to come, None for the
    window's first; `next_at` is when the server gave it. `again` says that the window was begun
    more than once. `sure` is how far the list was complete by the server's own clock when its first
    page was read: with our clock ahead of theirs, entries can still come to be inside the window,
    so only that much counts as read.
    """

    since: datetime
    until: datetime
    next: str | None = None
    next_at: datetime | None = None
    again: bool = False
    sure: datetime | None = None

    @classmethod
    def load(cls, checkpoint: Checkpoint | None) -> Self:
        """The window as `dump` wrote it; without a checkpoint, the beginning of time.

        Raises Refused for a checkpoint that `dump` did not write.
        """
        if checkpoint is None:
            return cls(BEGINNING, BEGINNING)
        try:
            since, until = read_utc(checkpoint["since"]), read_utc(checkpoint["until"])
            following, given, sure = (checkpoint[key] for key in ("next", "next_at", "sure"))
            window = cls(
                since,
                until,
                None if following is None else str(following),
                None if given is None else read_utc(given),
                bool(checkpoint["again"]),
                None if sure is None else read_utc(sure),
            )
        except (KeyError, ValueError, AttributeError, TypeError):
            raise Refused(
                "NCMEC: entries: the checkpoint is not one of this kind; fetch from the beginning"
            ) from None
        return window

    def dump(self) -> Checkpoint:
        """JSON-able."""
        return {
            "since": write_utc(self.since),
            "until": write_utc(self.until),
            "next": self.next,
            "next_at": None if self.next_at is None else write_utc(self.next_at),
            "again": self.again,
            "sure": None if self.sure is None else write_utc(self.sure),
        }

    @property
    def empty(self) -> bool:
        """Whether there is nothing to read."""
        return self.until <= self.since

    def at(self, now: datetime) -> Self:
        """What to read now: the open window, begun again where its `next` is too old, or a new one.

        A new window is empty until the clock is past SETTLE, also where the clock was set back.
        """
        if self.empty:
            return replace(self, until=max(self.since, _settled(now)))
        return self.restarted() if self._age(now) > NEXT_LIFE.total_seconds() else self

    def may_restart(self, now: datetime) -> bool:
        """Whether a refused `next` may begin the window again at once (see RESTART_PAUSE)."""
        return not self.again or self._age(now) > RESTART_PAUSE.total_seconds()

    def restarted(self) -> Self:
        """The same window from its first page."""
        return replace(self, next=None, next_at=None, again=True, sure=None)

    def begun(self, theirs: datetime | None) -> Self:
        """The window whose first page was answered when the server's clock said `theirs`."""
        return self if theirs is None else replace(self, sure=_settled(theirs))

    def after(self, following: str | None, now: datetime) -> Self:
        """Where it stands once a page has been read: on the next page, or past the whole window."""
        if following is None:
            read = max(self.since, min(self.until, self.sure or self.until))
            return type(self)(read, read)
        return replace(self, next=following, next_at=aware(now))

    def _age(self, now: datetime) -> float:
        """How old `next` is, in seconds; 0 where there is none."""
        return 0.0 if self.next_at is None else (aware(now) - self.next_at).total_seconds()


def _settled(now: datetime) -> datetime:
    """The last whole second in which nothing more is to be expected."""
    return (aware(now) - SETTLE).replace(microsecond=0)
