"""What goes into an index: fingerprints under the caller's keys, one by one or in blocks."""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching.fingerprint import Algorithm, FingerprintError


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
    keys: dict[Algorithm, list[NDArray[np.int64]]] = {a: [] for a in Algorithm}
    values: dict[Algorithm, list[NDArray[np.uint8]]] = {a: [] for a in Algorithm}
    loose_keys = {a: array("q") for a in Algorithm}
    loose = {a: bytearray() for a in Algorithm}
    sizes = {a: a.size for a in Algorithm}

    for row in rows:
        if isinstance(row, Block):
            keys[row.algorithm].append(np.asarray(row.keys, dtype=np.int64))
            values[row.algorithm].append(np.asarray(row.values, dtype=np.uint8))
            continue
        key, algorithm, value = row
        if len(value) != sizes[algorithm]:
            raise FingerprintError(
                f"the {algorithm} fingerprint under key {key} has {len(value)} bytes, "
                f"it should have {sizes[algorithm]}"
            )
        loose_keys[algorithm].append(key)
        loose[algorithm] += value

    def block(algorithm: Algorithm) -> Block:
        loose_values = np.frombuffer(loose[algorithm], np.uint8).reshape(-1, algorithm.size)
        keys[algorithm].append(np.frombuffer(loose_keys[algorithm], np.int64))
        values[algorithm].append(loose_values)
        return Block(algorithm, _whole(keys[algorithm]), _whole(values[algorithm]))

    return {algorithm: block(algorithm) for algorithm in Algorithm}


def _whole(parts: list[NDArray[Any]]) -> NDArray[Any]:
    """The parts in one array: the only one itself, since ten million values are 320 MB."""
    filled = [part for part in parts if len(part)] or parts[:1]
    return filled[0] if len(filled) == 1 else np.concatenate(filled)
