"""What a search answers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Three arrays of one length, a match at each position, in the order of the queries."""

    query: NDArray[np.int64]
    """Position in the batch that was asked."""
    key: NDArray[np.int64]
    """The caller's key of the fingerprint that was found."""
    distance: NDArray[np.int16]
    """Hamming distance in bits; 0 in a search for equality."""

    def __len__(self) -> int:
        return len(self.query)
