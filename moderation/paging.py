"""Bounded pages: a size with a cap, one row more instead of a COUNT, a cursor instead of OFFSET."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")

SIZES = (25, 50, 100)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of rows. `next_cursor` leads to the following page, None on the last."""

    rows: tuple[Row, ...]
    size: int
    next_cursor: str | None


def size_of(wanted: str | None) -> int:
    """The page size that was asked for, if it is one of SIZES; the smallest otherwise."""
    return next((size for size in SIZES if str(size) == wanted), SIZES[0])


def page_of(rows: Sequence[Row], size: int, cursor: Callable[[Row], str]) -> Page[Row]:
    """Cut `rows`, asked for with a limit of size + 1, to a page."""
    kept = tuple(rows[:size])
    return Page(kept, size, cursor(kept[-1]) if len(rows) > size else None)


def number_cursor(text: str | None) -> int | None:
    """A cursor that is a row's number; None for none or for nonsense, which is the first page."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None
