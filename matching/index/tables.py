"""The PDQ values of one snapshot with the tables in which near ones are found.

Memory: 32 bytes a value, 8 a key and, in lists longer than `tabulate.SCANNED`, 96 in the 16 tables
(a row number of 4 bytes and the next word of 2 in each) and 4 MB for where the words begin.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.index.errors import SnapshotError, TooManyMatchesError
from matching.index.kernels import CORRUPT, search
from matching.index.matches import Matches, no_matches

MAX_MATCHES = 20_000_000
"""In one search: half a gigabyte of answers. A list full of one picture's copies gets there."""
_PIECE = 256
"""Queries that one thread takes at a time."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Tables:
    """Arrays of a mapped file: values uint64 (n, 4), keys int64 (n), and see `search`."""

    origin: str
    """The file, for messages."""
    values: NDArray[np.uint64]
    keys: NDArray[np.int64]
    starts: NDArray[np.uint32]
    rows: NDArray[np.uint32]
    nexts: NDArray[np.uint16]

    def near(self, values: NDArray[np.uint8], radius: int, threads: int) -> Matches:
        """All within `radius` bits of each of `values`, uint8 (n, 32), on so many threads.

        Raises SnapshotError where the file is found damaged, TooManyMatchesError.
        """
        if len(self.keys) == 0 or len(values) == 0:
            return no_matches()
        queries = np.ascontiguousarray(values).view("<u8")
        if threads == 1 or len(queries) <= _PIECE:
            return _joined(self._search(queries, radius))
        pool = ThreadPoolExecutor(threads)
        try:
            pieces = pool.map(
                lambda start: self._search(queries[start : start + _PIECE], radius, start),
                range(0, len(queries), _PIECE),
            )
            return _joined(part for piece in pieces for part in piece)
        finally:
            pool.shutdown(cancel_futures=True)

    def _search(
        self, queries: NDArray[np.uint64], radius: int, offset: int = 0
    ) -> Iterator[Matches]:
        """The matches of queries that stand at `offset` in the batch, in as many parts as fit."""
        position, room = 0, 4 * len(queries) + 252
        while position < len(queries):
            query, row = np.empty(room, np.int64), np.empty(room, np.int64)
            distance = np.empty(room, np.int16)
            reached, filled = search(
                queries, radius, self.values, self.starts, self.rows, self.nexts,
                position, query, row, distance,
            )  # fmt: skip
            if reached == CORRUPT:
                raise SnapshotError(f"{self.origin}: the tables are damaged; publish again")
            if reached == position:
                room = len(self.keys)
            position = reached
            asked = query[:filled] + offset if offset else query[:filled]
            yield Matches(asked, self.keys[row[:filled]], distance[:filled])


def _joined(parts: Iterable[Matches]) -> Matches:
    found, total = [], 0
    for part in parts:
        found.append(part)
        total += len(part)
        if total > MAX_MATCHES:
            raise TooManyMatchesError(
                f"more than {MAX_MATCHES:,} matches in one search; ask in smaller batches"
            )
    return Matches.joined(found)
