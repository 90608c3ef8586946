"""Pages of lists: the rows, and the links that keep every filter."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from flask import request, url_for

from moderation.paging import Page

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """One page of a list as templates show it. `previous_href` leads back to the first page."""

    rows: tuple[Row, ...]
    size: int
    next_href: str | None
    previous_href: str | None


def listing(page: Page[Row]) -> Listing[Row]:
    """The page with its links, made from the present URL."""
    kept: dict[str, Any] = {
        **(request.view_args or {}),
        **{name: value for name, value in request.args.items() if name != "cursor"},
    }
    endpoint = request.endpoint or ""
    following = page.next_cursor
    return Listing(
        page.rows,
        page.size,
        url_for(endpoint, **kept, cursor=following) if following else None,
        url_for(endpoint, **kept) if "cursor" in request.args else None,
    )
