"""One loaded, read-only index."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from matching.fingerprint import Algorithm, FingerprintError
from matching.index.matches import Matches
from matching.index.rows import Columns

MAX_RADIUS = 63
"""The largest Hamming distance that can be asked for, in bits of 256."""


class Index:
    """All fingerprints of one version of the list. Safe to use from several threads."""

    def __init__(
        self, columns: Columns, *, version: int, built_at: datetime, set_aside: int
    ) -> None:
        self._columns = columns
        self.version = version
        self.built_at = built_at
        self.set_aside = set_aside

    @property
    def count(self) -> int:
        """How many fingerprints can be matched."""
        return sum(len(block.keys) for block in self._columns.values())

    def near(self, values: NDArray[np.uint8], radius: int = 31) -> Matches:
        """All PDQ fingerprints within `radius` bits (0 to 63, inclusive) of each value.

        `values` is uint8 of shape (n, 32). Exact: nothing within the radius is left out.
        Raises FingerprintError for another shape and ValueError for another radius.
        """
        if not 0 <= radius <= MAX_RADIUS:
            raise ValueError(f"radius is 0 to {MAX_RADIUS} bits, not {radius}")
        if values.ndim != 2 or values.shape[1] != Algorithm.PDQ.size:
            raise FingerprintError(
                f"PDQ values are uint8 of shape (n, 32), these have {values.shape}"
            )
        block = self._columns[Algorithm.PDQ]
        found = []
        for position, value in enumerate(values):
            distance = np.bitwise_count(block.values ^ value).sum(axis=1, dtype=np.int16)
            rows = np.flatnonzero(distance <= radius)
            found.append((np.full(len(rows), position), block.keys[rows], distance[rows]))
        return _matches(found)

    def equal(self, algorithm: Algorithm, values: Sequence[bytes]) -> Matches:
        """All fingerprints of `algorithm` that are equal to one of `values`.

        Raises FingerprintError for a value of the wrong length.
        """
        block = self._columns[algorithm]
        found = []
        for position, value in enumerate(values):
            if len(value) != algorithm.size:
                raise FingerprintError(
                    f"a {algorithm} fingerprint has {algorithm.size} bytes, "
                    f"number {position} of the batch has {len(value)}"
                )
            rows = np.flatnonzero((block.values == np.frombuffer(value, np.uint8)).all(axis=1))
            found.append((np.full(len(rows), position), block.keys[rows], np.zeros(len(rows))))
        return _matches(found)


def _matches(
    found: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int16]]],
) -> Matches:
    def column(i: int, dtype: type) -> NDArray[np.int64]:
        return np.concatenate([f[i] for f in found] or [np.zeros(0)]).astype(dtype)

    return Matches(column(0, np.int64), column(1, np.int64), column(2, np.int16))  # type: ignore[arg-type]
