"""What templates may call: times in words, and the grid of differing bits."""

from collections.abc import Callable
from datetime import UTC, datetime

from flask import Flask

from console.grid import difference_grid
from console.moments import absolute, machine, minutes_until, relative

FILTERS: tuple[Callable[..., object], ...] = (
    absolute,
    difference_grid,
    machine,
    minutes_until,
    relative,
)


def _now() -> datetime:
    return datetime.now(UTC)


def install(app: Flask) -> None:
    """Give templates the filters under their own names, and `now()` for what counts from it."""
    for words in FILTERS:
        app.add_template_filter(words)
    app.add_template_global(_now, "now")
