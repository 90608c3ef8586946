"""A registry's list that changes while it is read: what `sync` asks, out of order and repeating.

Like the real ones it names each entry in its newest state, in any order, in pages of a window of
time; and a page can be asked for again.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from exchange.records import Checkpoint, EntryRecord, Page, Problem

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
PAGE = 2


class Killed(BaseException):
    """The process ends here. Nothing of ours catches it."""


class Deadly(tuple[Problem, ...]):
    """Problems of a page that kill whoever has applied its entries and comes to write them down."""

    __slots__ = ()

    def __getitem__(self, _place: object) -> Problem:  # type: ignore[override]
        raise Killed


@dataclass
class Listing:
    """The list: every state that every entry ever had, with the second it took it."""

    states: list[EntryRecord] = field(default_factory=list)
    dice: random.Random = field(default_factory=lambda: random.Random(7))

    @property
    def now(self) -> datetime:
        """The second of the newest change."""
        return BEGINNING + timedelta(seconds=len(self.states))

    def newest(self) -> dict[str, EntryRecord]:
        """The truth: each entry's last state."""
        return {state.entry_id: state for state in self.states}

    def fetch(self, checkpoint: Checkpoint | None, _now: datetime) -> Page:
        """One page of what changed since the checkpoint's window, with older states between."""
        place = checkpoint or {"since": 0, "until": 0, "next": 0}
        since, until, start = (int(place[key]) for key in ("since", "until", "next"))
        if start == 0:
            until = len(self.states)
        window = self.states[since:until]
        latest = list({state.entry_id: state for state in window}.values())
        random.Random(until).shuffle(latest)
        entries = latest[start : start + PAGE]
        stale = self.dice.sample(window, min(len(window), self.dice.randrange(3)))
        more = start + PAGE < len(latest)
        following = {"since": since, "until": until, "next": start + PAGE}
        return Page(
            entries=(*entries, *stale, *entries[:1]),
            problems=(),
            checkpoint=following if more else {"since": until, "until": until, "next": 0},
            more=more,
        )


def page(entries: Sequence[EntryRecord], *, more: bool = False, place: int = 1) -> Page:
    """A page without problems."""
    return Page(tuple(entries), (), {"place": place}, more)
