"""The keeper of this host's index: keeps it at the list's newest version, and whole.

Workers bring a host's index up when they match something. A host that only answers uploads has
none, and would go on with the list of yesterday. So each process that serves the console has a
keeper, and one of them at a time, whoever holds the lock of the folder, looks after the index: it
asks the database for the newest version every two seconds, and reads the whole snapshot against
its checksums at the start and every hour. When its process ends, another's takes over.
"""

import fcntl
import logging
import threading
import time
from typing import IO

from matching.index import IndexDirectory
from moderation import index
from store.database import Database

log = logging.getLogger(__name__)

SECONDS = 2.0
"""Between two looks: as long as a new entry stays unknown to this host, at most."""
AFTER_FAILURE_SECONDS = 15.0
WHOLE_SECONDS = 3_600.0
"""Between two readings of the whole snapshot, which take a second for two gigabytes."""


class Keeper:
    """Looks after `directory` in a thread of its own. Start it after the last fork."""

    def __init__(
        self, database: Database, directory: IndexDirectory, seconds: float = SECONDS
    ) -> None:
        self._database = database
        self._directory = directory
        self._seconds = seconds
        self._read_whole_at = float("-inf")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="index keeper", daemon=True)

    def start(self) -> None:
        """Begin. The thread ends with its process, or with `stop`."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the look that is under way."""
        self._stopping.set()
        self._thread.join()

    def look(self) -> None:
        """Bring the index up if it is behind, and read it whole if that is due."""
        if time.monotonic() - self._read_whole_at >= WHOLE_SECONDS:
            index.refuse_damaged(self._directory)
            self._read_whole_at = time.monotonic()
        index.ensure_current(self._database, self._directory)

    def _run(self) -> None:
        wait = 0.0
        with (self._directory.path / "keeper").open("a") as lock:
            while not self._stopping.wait(wait):
                wait = self._seconds
                try:
                    if _is_mine(lock):
                        self.look()
                except Exception as error:  # noqa: BLE001 - the next look may find it mended
                    wait = AFTER_FAILURE_SECONDS
                    log.warning(
                        "the index was not looked after (%s); again in %.0f seconds",
                        type(error).__name__,
                        wait,
                    )


def _is_mine(lock: IO[str]) -> bool:
    """Whether this process holds the lock, which it keeps until it ends."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
