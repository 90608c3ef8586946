"""The MD5 or SHA-1 values of one snapshot, sorted, in which equal ones are found."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.index.matches import Matches, no_matches

PREFIX = 8
"""Bytes of a value that are compared by binary search; the others are compared after it."""


def _split(values: NDArray[np.uint8]) -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
    """The first 8 bytes of each value as a number, and the others."""
    prefix = np.ascontiguousarray(values[:, :PREFIX]).view(">u8").reshape(len(values))
    return prefix.astype(np.uint64), values[:, PREFIX:]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Digests:
    """prefix uint64 (n), ascending; rest uint8 (n, size - 8); keys int64 (n)."""

    prefix: NDArray[np.uint64]
    rest: NDArray[np.uint8]
    keys: NDArray[np.int64]

    @classmethod
    def sorted(cls, keys: NDArray[np.int64], values: NDArray[np.uint8]) -> "Digests":
        """Arrange values of one size."""
        prefix, rest = _split(values)
        order = np.argsort(prefix, kind="stable")
        return cls(prefix[order], rest[order], keys[order])

    def values(self) -> NDArray[np.uint8]:
        """The whole values, uint8 (n, size)."""
        front = self.prefix.astype(">u8").view(np.uint8).reshape(-1, PREFIX)
        return np.hstack([front, self.rest])

    def equal(self, values: Sequence[bytes]) -> Matches:
        """All that are equal to one of `values`, which have the digests' size."""
        if len(self.keys) == 0 or len(values) == 0:
            return no_matches()
        asked = np.frombuffer(b"".join(values), np.uint8).reshape(len(values), -1)
        prefix, rest = _split(asked)
        first = np.searchsorted(self.prefix, prefix, side="left")
        several = np.searchsorted(self.prefix, prefix, side="right") - first
        query = np.repeat(np.arange(len(values)), several)
        # The rows first, first + 1, … of each query: count on from where the query's begin.
        begun = np.cumsum(several) - several
        row = np.arange(len(query)) - np.repeat(begun - first, several)
        same = (self.rest[row] == rest[query]).all(axis=1)
        query, row = query[same], row[same]
        return Matches(query, self.keys[row], np.zeros(len(query), np.int16))
