"""Made-up lists of PDQ values, queries near them, and the scan that says what is right."""

import numpy as np
from numpy.typing import NDArray

from matching.fingerprint import Algorithm
from matching.index import degenerate
from moderation.source_settings import RegistryKind

Values = NDArray[np.uint8]
NOBODY = RegistryKind("ncmec", frozenset(), needs_secret=False, check=lambda *_settings: None)
"""The kind of a registry that is never asked."""
Found = list[set[tuple[int, int]]]
"""For each query the keys that were found, with their distances."""


def pictures(count: int, seed: int) -> Values:
    """Values of unrelated pictures; uint8 (count, 32). Random, without the degenerate ones."""
    generator = np.random.default_rng(seed)
    made = generator.integers(0, 256, (count + count // 1_000 + 10, 32), dtype=np.uint8)
    return made[~degenerate(Algorithm.PDQ, made)][:count]


def altered(values: Values, distances: NDArray[np.int64], seed: int) -> Values:
    """Each value with as many bits changed as `distances` says."""
    order = np.random.default_rng(seed).random((len(values), 256)).argsort(axis=1).argsort(axis=1)
    return values ^ np.packbits(order < distances[:, None], axis=1)


def near_duplicates(count: int, centres: int, seed: int) -> Values:
    """A list as real ones are: each picture many times, up to 20 bits from the first."""
    generator = np.random.default_rng(seed)
    made = np.repeat(pictures(centres, seed), -(-count // centres), axis=0)[:count]
    for change in range(20):
        rows = np.arange(count)[np.arange(count) % 21 > change]
        bits = generator.integers(0, 256, len(rows))
        made[rows, bits // 8] ^= (1 << bits % 8).astype(np.uint8)
    return made


def scan(values: Values, queries: Values, radius: int) -> Found:
    """What numpy finds by comparing with every value; keys are positions."""
    words, found = values.view(np.uint64), []
    for query in np.ascontiguousarray(queries).view(np.uint64):
        distances = np.bitwise_count(words ^ query).sum(axis=1, dtype=np.int64)
        near = np.flatnonzero(distances <= radius)
        found.append(set(zip(near.tolist(), distances[near].tolist(), strict=True)))
    return found
