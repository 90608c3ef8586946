"""One loaded, read-only index: a list as it was at one version."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from matching.fingerprint import Algorithm, FingerprintError
from matching.index.kernels import MAX_RADIUS
from matching.index.matches import Matches
from matching.index.segment import Segment


class Index:
    """A base and, where the list changed since, a delta. Safe to use from several threads."""

    def __init__(self, base: Segment, delta: Segment | None = None) -> None:
        self.base = base
        self.delta = delta
        self._newest = delta or base
        self.name = self._newest.name

    @property
    def version(self) -> int:
        """The version of the list, as the caller gave it."""
        return self._newest.version

    @property
    def built_at(self) -> datetime:
        """When this version was written, UTC."""
        return self._newest.built_at

    @property
    def count(self) -> int:
        """How many fingerprints can be matched."""
        if self.delta is None:
            return self.base.count
        return self.base.count - self.delta.hidden_count + self.delta.count

    @property
    def set_aside(self) -> int:
        """How many fingerprints are never matched: see matching.index.degenerate."""
        if self.delta is None:
            return len(self.base.aside)
        return len(self.base.aside) - self.delta.hidden_aside + len(self.delta.aside)

    @property
    def amended(self) -> int:
        """Keys added, changed or removed since the base: publish again when they are many."""
        if self.delta is None:
            return 0
        return self.delta.count + len(self.delta.aside) + len(self.delta.hidden)

    def near(self, values: NDArray[np.uint8], radius: int = 31, *, threads: int = 1) -> Matches:
        """All PDQ fingerprints within `radius` bits (0 to 63, inclusive) of each value.

        `values` is uint8 of shape (n, 32). Exact: nothing within the radius is left out.
        Raises FingerprintError for another shape, ValueError for another radius,
        TooManyMatchesError, and SnapshotError where the file is found damaged.
        """
        if not 0 <= radius <= MAX_RADIUS:
            raise ValueError(f"a radius is 0 to {MAX_RADIUS} bits, not {radius}")
        if values.ndim != 2 or values.shape[1] != Algorithm.PDQ.size or values.dtype != np.uint8:
            raise FingerprintError(
                f"PDQ values are uint8 of shape (n, {Algorithm.PDQ.size}), "
                f"these are {values.dtype} of shape {values.shape}"
            )
        found = self.base.near(values, radius, threads)
        if self.delta is None:
            return found
        added = self.delta.near(values, radius, threads)
        return Matches.joined([found.without(self.delta.hidden), added])

    def equal(self, algorithm: Algorithm, values: Sequence[bytes]) -> Matches:
        """All fingerprints of `algorithm` that are equal to one of `values`.

        Raises FingerprintError for a value of the wrong length.
        """
        for position, value in enumerate(values):
            if len(value) != algorithm.size:
                raise FingerprintError(
                    f"a {algorithm} fingerprint has {algorithm.size} bytes, "
                    f"number {position} of the batch has {len(value)}"
                )
        if algorithm is Algorithm.PDQ:
            joined = np.frombuffer(b"".join(values), np.uint8)
            return self.near(joined.reshape(-1, algorithm.size), radius=0)
        found = self.base.equal(algorithm, values)
        if self.delta is None:
            return found
        added = self.delta.equal(algorithm, values)
        return Matches.joined([found.without(self.delta.hidden), added])

    def verify(self) -> None:
        """Read all of its files against their checksums (2 GB a second). Raises SnapshotError."""
        for segment in self.segments():
            segment.verify()

    def segments(self) -> list[Segment]:
        """The base and, if there is one, the delta."""
        return [self.base] if self.delta is None else [self.base, self.delta]
