"""Lists of fingerprints to index, and the plain scan that an index is held against."""

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from matching.fingerprint import Algorithm
from matching.index import Block, Matches, Row

PDQ, MD5, SHA1 = Algorithm.PDQ, Algorithm.MD5, Algorithm.SHA1


def like_photos(count: int, seed: int) -> NDArray[np.uint8]:
    """PDQ values with 128 of 256 bits set, as pictures have; uint8 (count, 32)."""
    order = np.random.default_rng(seed).random((count, 256)).argpartition(128, axis=1)
    bits = np.zeros((count, 256), np.uint8)
    np.put_along_axis(bits, order[:, :128], 1, axis=1)
    return np.packbits(bits, axis=1)


def flipped(values: NDArray[np.uint8], bits: int, seed: int) -> NDArray[np.uint8]:
    """Each value with exactly so many of its bits changed."""
    order = np.random.default_rng(seed).random((len(values), 256)).argsort(axis=1)
    changes = np.zeros((len(values), 256), np.uint8)
    np.put_along_axis(changes, order[:, :bits], 1, axis=1)
    return values ^ np.packbits(changes, axis=1)


def near_duplicates(count: int, centres: int, seed: int) -> NDArray[np.uint8]:
    """A list as real ones are: each picture many times, up to 20 bits apart."""
    around = np.repeat(like_photos(centres, seed), -(-count // centres), axis=0)[:count]
    values = around.copy()
    for bits in range(21):
        values[bits::21] = flipped(around[bits::21], bits, seed + bits)
    return values


def pdq(values: NDArray[np.uint8], first_key: int = 0) -> Block:
    """A block of PDQ values under keys that count on from `first_key`."""
    return Block(PDQ, np.arange(first_key, first_key + len(values), dtype=np.int64), values)


def scanned(
    values: NDArray[np.uint8], keys: NDArray[np.int64], queries: NDArray[np.uint8], radius: int
) -> list[tuple[int, int, int]]:
    """What numpy alone finds: (query, key, distance), sorted."""
    found = []
    words = np.ascontiguousarray(values).view(np.uint64)
    for position, query in enumerate(np.ascontiguousarray(queries).view(np.uint64)):
        distance = np.bitwise_count(words ^ query).sum(axis=1, dtype=np.int64)
        for row in np.flatnonzero(distance <= radius):
            found.append((position, int(keys[row]), int(distance[row])))
    return sorted(found)


def listed(matches: Matches) -> list[tuple[int, int, int]]:
    """Matches as (query, key, distance), sorted; the queries must have been in order."""
    assert (np.diff(matches.query) >= 0).all(), "matches are not in the order of the queries"
    return sorted(zip(*(a.tolist() for a in (matches.query, matches.key, matches.distance))))  # noqa: B905


def digest(algorithm: Algorithm, content: bytes) -> bytes:
    """MD5 or SHA-1 of a file's bytes."""
    return hashlib.new(algorithm, content, usedforsecurity=False).digest()


def keys_of(matches: Matches) -> set[int]:
    return set(matches.key.tolist())


def rows(algorithm: Algorithm, values: Iterable[bytes], first_key: int = 0) -> list[Row]:
    return [Row(key, algorithm, value) for key, value in enumerate(values, first_key)]
