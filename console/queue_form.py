"""The queue's filters as an address says them, and what can be chosen."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from exchange.records import MediaKind
from matching.fingerprint import Algorithm
from moderation import paging
from moderation.clock import ClockState
from moderation.queue import Filters, Nearness, View

BITS = 256
LONGEST = 255  # characters of an id or a word of the outside; see store.base.Word

Word = TypeVar("Word", bound=StrEnum)
Choices = tuple[tuple[str, str], ...]

VIEWS: Choices = (
    (View.OPEN, "Open"),
    (View.MINE, "Mine"),
    (View.DECIDED, "Decided"),
    (View.WITHDRAWN, "Withdrawn"),
    (View.ESCALATED, "For a lead"),
    (View.PAUSED, "Clock stopped"),
    (View.REVIEW, "To be looked at again"),
    (View.UNSUPPORTED, "Removed, entry withdrawn"),
    (View.ALL, "All"),
)
NEARNESS: Choices = (
    (Nearness.EXACT, "Exact"),
    (Nearness.NEAR, "Near"),
    (Nearness.FAR, "Far"),
)
ALGORITHMS: Choices = (
    (Algorithm.PDQ, "PDQ"),
    (Algorithm.MD5, "MD5"),
    (Algorithm.SHA1, "SHA-1"),
)
CLOCKS: Choices = (
    (ClockState.ON_TIME, "On time"),
    (ClockState.AT_RISK, "At risk"),
    (ClockState.BREACHED, "Past due"),
)
KINDS: Choices = ((MediaKind.IMAGE, "Pictures"), (MediaKind.VIDEO, "Films"))
SELDOM = ("algorithm", "least", "most", "surface", "uploader", "entry", "since", "until")
"""Filters that stand folded away until one of them is used."""


@dataclass(frozen=True, slots=True)
class FilterForm:
    """The filters as they stand, and what can be chosen: (value, words) each."""

    values: Filters
    size: int
    sources: Choices
    views: Choices = VIEWS
    nearness: Choices = NEARNESS
    algorithms: Choices = ALGORITHMS
    clocks: Choices = CLOCKS
    kinds: Choices = KINDS
    sizes: tuple[int, ...] = paging.SIZES

    @property
    def unfolded(self) -> bool:
        """Whether one of the seldom ones is used."""
        return any(getattr(self.values, name) not in (None, "") for name in SELDOM)

    @property
    def query(self) -> str:
        """The address's query for these filters, without what is as at first. To be kept."""
        first = Filters()
        used = {
            name: str(value)
            for name in Filters.__dataclass_fields__
            if (value := getattr(self.values, name)) != getattr(first, name)
        }
        size = {"size": str(self.size)} if self.size != paging.SIZES[0] else {}
        return urlencode(used | size)


def filters(args: Mapping[str, str]) -> Filters:
    """The filters that an address names. What is nonsense is passed over."""
    return Filters(
        view=_word(View, args.get("view")) or View.OPEN,
        source=_number(args.get("source"), 10**9),
        algorithm=_word(Algorithm, args.get("algorithm")),
        nearness=_word(Nearness, args.get("nearness")),
        least=_number(args.get("least"), BITS),
        most=_number(args.get("most"), BITS),
        clock=_word(ClockState, args.get("clock")),
        kind=_word(MediaKind, args.get("kind")),
        surface=_text(args.get("surface")),
        uploader=_text(args.get("uploader")),
        entry=_text(args.get("entry")),
        since=_day(args.get("since")),
        until=_day(args.get("until")),
        q=_text(args.get("q")),
    )


def _word(words: type[Word], text: str | None) -> Word | None:
    """The word that the URL names; None for none and for nonsense."""
    return words(text) if text in list(words) else None


def _text(text: str | None) -> str:
    # No id of the outside holds U+0000, and a kept view is read past the guard of addresses.
    return (text or "").replace("\x00", "")[:LONGEST].strip()


def _number(text: str | None, most: int) -> int | None:
    if not text or not text.isascii() or not text.isdigit() or len(text) > len(str(most)):
        return None
    return int(text) if int(text) <= most else None


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
