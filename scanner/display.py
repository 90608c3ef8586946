"""Progress for whoever watches: a bar on a terminal, now and then a line anywhere else."""

from contextlib import AbstractContextManager
from time import monotonic
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)

EVERY = 10.0
"""Seconds between two lines where there is no terminal."""


class Display(Protocol):
    """What the scan tells as it goes."""

    def step(self) -> None:
        """One more file is through."""

    def say(self, line: str) -> None:
        """A line that stays."""


class Bar(AbstractContextManager["Bar"]):
    """A bar that stays below the lines said."""

    def __init__(self, console: Console, total: int) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("files"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task("", total=total)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def step(self) -> None:
        """One more file is through."""
        self._progress.advance(self._task)

    def say(self, line: str) -> None:
        """A line that stays, above the bar."""
        self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)


class Lines(AbstractContextManager["Lines"]):
    """For a file or a pipe: no control characters, and not a line for every file."""

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self._total = total
        self._through = 0
        self._last = monotonic()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def step(self) -> None:
        """One more file is through."""
        self._through += 1
        if monotonic() - self._last >= EVERY:
            self._last = monotonic()
            self.say(f"{self._through:,} of {self._total:,} files")

    def say(self, line: str) -> None:
        """A line that stays."""
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def display(console: Console, total: int) -> Bar | Lines:
    """What suits the place where it is shown."""
    return Bar(console, total) if console.is_terminal else Lines(console, total)
