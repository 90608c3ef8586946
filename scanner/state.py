"""What earlier runs have done, so that a scan that was interrupted goes on where it was.

Holds ids, sizes and times of files that the console has accepted. No fingerprint, no pixel.
"""

import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from scanner.walk import Found

TABLE = """
CREATE TABLE IF NOT EXISTS done (
    console TEXT NOT NULL, id TEXT NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
    PRIMARY KEY (console, id)
) WITHOUT ROWID
"""
WAIT = 30.0
"""Seconds that one scan waits for another that is writing to the same state."""


class StateError(Exception):
    """The state file cannot be used; the message says which and what to do."""


class State:
    """The files that one console has accepted. A context manager: closed at the end."""

    def __init__(self, path: Path, console: str) -> None:
        """Open or create the state at `path`, readable by its owner only. Raises StateError."""
        self._console = console
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._rows = sqlite3.connect(path, timeout=WAIT, isolation_level=None)
            self._rows.execute(TABLE)
        except (OSError, sqlite3.Error) as error:
            raise StateError(f"{path} cannot hold the state of the scan: {error}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._rows.close()

    def __contains__(self, found: Found) -> bool:
        """Whether this very file, by id, size and time of change, was accepted before."""
        row = self._rows.execute(
            "SELECT 1 FROM done WHERE console = ? AND id = ? AND size = ? AND mtime_ns = ?",
            (self._console, found.id, found.size, found.mtime_ns),
        ).fetchone()
        return row is not None

    def record(self, accepted: Iterable[Found]) -> None:
        """Remember what the console has accepted: all of them or, if we are ended, none."""
        self._rows.execute("BEGIN IMMEDIATE")
        self._rows.executemany(
            "INSERT OR REPLACE INTO done VALUES (?, ?, ?, ?)",
            [(self._console, one.id, one.size, one.mtime_ns) for one in accepted],
        )
        self._rows.execute("COMMIT")


def default_path() -> Path:
    """`scan.sqlite` in DATA_DIR where that is set, else in the user's folder for state (XDG)."""
    if data := os.environ.get("DATA_DIR"):
        return Path(data) / "scan.sqlite"
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "takedown-console" / "scan.sqlite"
