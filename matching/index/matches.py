"""What a search answers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Three arrays of one length, a match at each place, in the order of the queries.

    Within one query the order is the index's own and means nothing.
    """

    query: NDArray[np.int64]
    """Position in the batch that was asked."""
    key: NDArray[np.int64]
    """The caller's key of the fingerprint that was found."""
    distance: NDArray[np.int16]
    """Hamming distance in bits; 0 in a search for equality."""

    def __len__(self) -> int:
        return len(self.query)

    def without(self, keys: NDArray[np.int64]) -> "Matches":
        """Those whose key is not among `keys`, which are sorted."""
        if len(keys) == 0 or len(self) == 0:
            return self
        nearest = keys[np.minimum(np.searchsorted(keys, self.key), len(keys) - 1)]
        kept = nearest != self.key
        return Matches(self.query[kept], self.key[kept], self.distance[kept])

    @classmethod
    def joined(cls, parts: Sequence["Matches"]) -> "Matches":
        """All matches of `parts`, each of which is in the order of the queries already."""
        if len(parts) > 1:
            parts = [part for part in parts if len(part)] or parts[:1]
        if len(parts) == 1:
            return parts[0]
        query = np.concatenate([part.query for part in parts])
        order = np.argsort(query, kind="stable")
        key = np.concatenate([part.key for part in parts])
        distance = np.concatenate([part.distance for part in parts])
        return cls(query[order], key[order], distance[order])


def no_matches() -> Matches:
    """The answer where nothing was found."""
    return Matches(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int16))
