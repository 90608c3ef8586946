"""What goes into an index: fingerprints under the caller's keys, one by one or in blocks."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from matching.fingerprint import Algorithm, FingerprintError

_BATCH = 8_192
"""Rows at a time: their values fit in a processor's cache."""
_KEY, _ALGORITHM, _VALUE = itemgetter(0), itemgetter(1), itemgetter(2)
"""Of a row; by far the quickest way to a column of them."""


class Row(NamedTuple):
    """One fingerprint under the caller's key, a signed 64-bit database row id.

    The value is raw bytes of the algorithm's size and does not show itself.
    """

    key: int
    algorithm: Algorithm
    value: bytes

    def __repr__(self) -> str:
        return f"Row(key={self.key}, algorithm={self.algorithm})"


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Many fingerprints of one algorithm: keys int64 (n,), values uint8 (n, algorithm.size)."""

    algorithm: Algorithm
    keys: NDArray[np.int64]
    values: NDArray[np.uint8] = field(repr=False)

    def __post_init__(self) -> None:
        if self.keys.ndim != 1 or self.values.shape != (len(self.keys), self.algorithm.size):
            raise FingerprintError(
                f"a block of {self.algorithm} needs values of shape "
                f"({len(self.keys)}, {self.algorithm.size}), these have {self.values.shape}"
            )


Columns = dict[Algorithm, Block]
"""All rows of an index, gathered: one block for each algorithm."""


def gather(rows: Iterable[Row | Block]) -> Columns:
    """Collect rows and blocks into one block for each algorithm, in the order they came.

    Raises FingerprintError, naming the key, for a value of the wrong length.
    """
    found: dict[Algorithm, list[Block]] = {algorithm: [] for algorithm in Algorithm}
    for block in _in_blocks(iter(rows)):
        found[block.algorithm].append(block)
    return {algorithm: _joined(algorithm, blocks) for algorithm, blocks in found.items()}


def _in_blocks(rows: Iterator[Row | Block]) -> Iterator[Block]:
    """Blocks as they are, and the rows between them a few thousand at once.

    Millions of rows come here, and Python looks at each as few times as it can.
    """
    while batch := list(islice(rows, _BATCH)):
        if Block not in set(map(type, batch)):
            yield from _blocks(cast(list[Row], batch))
            continue
        for kind, several in groupby(batch, type):
            if kind is Block:
                yield from cast(Iterator[Block], several)
            else:
                yield from _blocks(cast(list[Row], list(several)))


def _blocks(rows: Sequence[Row]) -> Iterator[Block]:
    algorithms = list(map(_ALGORITHM, rows))
    for algorithm in Algorithm:
        count = algorithms.count(algorithm)
        if count == len(rows):
            yield _block(algorithm, rows)
        elif count:
            yield _block(algorithm, [row for row in rows if row.algorithm is algorithm])


def _block(algorithm: Algorithm, rows: Sequence[Row]) -> Block:
    keys, values = list(map(_KEY, rows)), list(map(_VALUE, rows))
    if set(map(len, values)) != {algorithm.size}:
        key, length = next((k, len(v)) for k, _, v in rows if len(v) != algorithm.size)
        raise FingerprintError(
            f"the {algorithm} fingerprint under key {key} has {length} bytes, "
            f"it should have {algorithm.size}"
        )
    joined = np.frombuffer(b"".join(values), np.uint8).reshape(-1, algorithm.size)
    return Block(algorithm, np.array(keys, np.int64), joined)


def _joined(algorithm: Algorithm, blocks: list[Block]) -> Block:
    keys = [np.asarray(block.keys, np.int64) for block in blocks]
    values = [np.asarray(block.values, np.uint8) for block in blocks]
    nothing = np.empty(0, np.int64), np.empty((0, algorithm.size), np.uint8)
    return Block(algorithm, _whole(keys, nothing[0]), _whole(values, nothing[1]))


def _whole(parts: list[NDArray[Any]], nothing: NDArray[Any]) -> NDArray[Any]:
    """The parts in one array: the only one itself, since ten million values are 320 MB."""
    filled = [part for part in parts if len(part)]
    if len(filled) == 1:
        return filled[0]
    return np.concatenate(filled) if filled else nothing
