"""Building the tables of multi-index hashing; see matching.index.kernels for what they are."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching.index.compiled import compiled, frozen, types
from matching.index.kernels import LANES, TABLES, WORDS

SCANNED = 4096
"""Up to this many values a scan (1.5 ns a value) beats the lookups, and no tables are made."""

Sizes = tuple[int, ...]

U = np.uint64
_ONE = U(1)


def table_sizes(count: int) -> tuple[Sizes, Sizes, Sizes]:
    """Shapes of starts (uint32), rows (uint32) and nexts (uint16) for `count` values."""
    if count <= SCANNED:
        return (0, 0), (0,), (0,)
    return (TABLES, WORDS + 1), (TABLES * count,), (TABLES * count + LANES,)


def build_tables(
    values: NDArray[np.uint8],
) -> Iterator[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]]:
    """Starts, rows and nexts, table after table; each is overwritten when the next is asked for.

    `values` is uint8 (n, 32). One table at a time, so that ten million values are built and
    written with 400 MB beside them. After the nexts of the last come LANES zeros, so that reading
    LANES of them at once stays inside.
    """
    if len(values) <= SCANNED:
        return
    words = np.ascontiguousarray(np.ascontiguousarray(values).view("<u2").T)
    starts = np.empty(WORDS + 1, np.uint32)
    rows, nexts = np.empty(len(values), np.uint32), np.zeros(len(values) + LANES, np.uint16)
    for table in range(TABLES):
        _tabulate(words[table], words[(table + 1) % TABLES], starts, rows, nexts)
        yield starts, rows, nexts if table == TABLES - 1 else nexts[:-LANES]


@compiled(
    types.void(
        frozen(types.uint16, 1),
        frozen(types.uint16, 1),
        types.uint32[::1],
        types.uint32[::1],
        types.uint16[::1],
    )
)
def _tabulate(words: Any, following: Any, starts: Any, rows: Any, nexts: Any) -> None:
    """Sort all rows by one word: count how many have each, then put them in their places."""
    starts[:] = 0
    for row in range(words.shape[0]):
        starts[U(words[row]) + _ONE] += np.uint32(1)
    for word in range(WORDS):
        starts[word + 1] += starts[word]
    free = starts[:WORDS].copy()
    for row in range(words.shape[0]):
        here = U(words[row])
        slot = U(free[here])
        free[here] += np.uint32(1)
        rows[slot] = row
        nexts[slot] = following[row]
