"""Keys and rate limits of programs, counted in this process: they come thousands of times a second.

A key that was found is believed for a second, so revoking one takes effect within that time. Each
process counts for itself, so the limit of an installation is the policy's times its processes.
"""

import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from math import ceil
from threading import Lock

from limits import RateLimitItem, parse_many

from moderation import keys
from store.database import Database

BELIEVED_SECONDS = 1.0
REMEMBERED = 1_000  # keys; unknown ones are not remembered, so nobody can fill this


@dataclass(frozen=True, slots=True)
class Program:
    """Who calls: a key's row without the hash."""

    id: int
    name: str
    scopes: frozenset[str]


@dataclass(slots=True)
class Window:
    """Requests of one program until `ends` (seconds of the monotonic clock)."""

    ends: float
    count: int = 0


class Programs:
    """The programs that may call, and how often each did."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[float, Program]] = OrderedDict()
        self._lock = Lock()
        self._windows: dict[tuple[int, RateLimitItem], Window] = {}

    def find(self, database: Database, key: str) -> Program | None:
        """The program with this key, None for an unknown or revoked one. Its use is noted."""
        with self._lock:
            known = self._known.get(key)
        if known and time.monotonic() - known[0] < BELIEVED_SECONDS:
            return known[1]
        now = datetime.now(UTC)
        with database.read() as rows:
            row = keys.find(rows, key)
        if row is None:
            with self._lock:
                self._known.pop(key, None)
            return None
        if keys.use_is_stale(row, now):
            with database.write() as rows:
                keys.note_use(rows, row.id, now)
        program = Program(row.id, row.name, frozenset(row.scopes))
        with self._lock:
            self._known[key] = (time.monotonic(), program)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return program

    def wait(self, program: Program, limit: str, now: float | None = None) -> int | None:
        """Count one request; None if it is within `limit`, else how many seconds to wait.

        `now` is the monotonic clock's, in seconds.
        """
        now = time.monotonic() if now is None else now
        with self._lock:
            for rate in rates(limit):
                window = self._windows.get((program.id, rate))
                if window is None or now >= window.ends:
                    window = Window(now + rate.get_expiry())
                    self._windows[program.id, rate] = window
                window.count += 1
                if window.count > rate.amount:
                    return max(1, ceil(window.ends - now))
        return None


rates = lru_cache(maxsize=16)(parse_many)
"""The rates that a policy's limit names, "100/second; 1000/minute"."""
