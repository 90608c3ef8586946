"""Fingerprints that stand for nothing in particular and would match what is not the same.

A PDQ value has a bit for each of 256 frequencies: whether it is stronger than the median of
them. So half of the bits are set, 128, in every picture that has all frequencies. Three kinds
are not such values, and are set aside:

1. Fewer than 97 or more than 159 bits set. More than 31 bits from 128, so no picture that has
   all frequencies can be within the usual radius of it: it could only match others of its kind.
   All but empty values, plain stripes and halves are of this kind, and most flat pictures.
2. Within 31 bits of the fingerprint of an evenly flat picture, of any colour. Such a picture has
   no frequencies; what is left is rounding, the same rounding in every row, so its 16 rows are
   taken from few words. Those of 60,000 flat pictures of random colours (pdqhash 0.2.8) differ
   from FLAT_WORDS, their 16 commonest, by at most 15 bits together; so what differs by at most
   15 + 31 is set aside.
3. Flat pictures of a size that makes the averages over it uneven (256 x 256 for one): rounding
   that varies along one axis only, so that rows are AXIS_WORDS. Here 15 bits is the limit.

No photograph is among them: of 14,000 crops of photographs with a quality of 50 or more all have
128 bits set and differ by 53 and more from FLAT_WORDS, by 24 and more from AXIS_WORDS (crops with
one straight edge and nothing else); a million random values by 52 and 69. What lies between is
matched, because to miss a copy is worse: one in sixty flat pictures of random sizes stays.
Quality tells those, and content of low quality is not matched; the lists do not have it.

MD5 and SHA-1: the digest of a file of no bytes, which every failed upload has.
"""

import hashlib
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching.fingerprint import Algorithm
from matching.index.compiled import compiled, frozen, types

FEWEST, MOST = 128 - 31, 128 + 31
"""Bits set in a PDQ value that can be matched."""

FLAT_WORDS = bytes.fromhex(
    "1134 2c4b 0000 554b 8200 13a0 cc53 5e01 017e 585e a7a1 102f 07d0 5924 0403 c09c"
)
"""Rows, 16 bits each, of the fingerprints of flat pictures, the commonest first."""
FLAT_REACH = 15 + 31
"""In bits, of rows that are FLAT_WORDS."""

AXIS_WORDS = bytes.fromhex("0000 ffff 5555 aaaa")
"""Rows of the fingerprints of pictures that vary along one axis only."""
AXIS_REACH = 15
"""In bits, of rows that are AXIS_WORDS."""

_EMPTY = {
    Algorithm.MD5: hashlib.md5(b"", usedforsecurity=False).digest(),
    Algorithm.SHA1: hashlib.sha1(b"", usedforsecurity=False).digest(),
}


def degenerate(algorithm: Algorithm, values: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which of `values`, uint8 (n, algorithm.size), are never to be matched; bool (n)."""
    if algorithm is not Algorithm.PDQ:
        empty = np.frombuffer(_EMPTY[algorithm], np.uint8)
        same: NDArray[np.bool_] = (values == empty).all(axis=1)
        return same
    counts = np.empty(len(values), np.uint32)
    _add_up(np.ascontiguousarray(values).view("<u2"), _counts(), counts)
    ones, from_flat, from_axis = counts & 0x3FF, counts >> 10 & 0x3FF, counts >> 20
    plain: NDArray[np.bool_] = (ones < FEWEST) | (ones > MOST)
    return plain | (from_flat <= FLAT_REACH) | (from_axis <= AXIS_REACH)


@cache
def _counts() -> NDArray[np.uint32]:
    """For each row of 16 bits three counts, 10 bits apart, so that one sum adds up all three.

    How many bits are set, and how many differ from the nearest of FLAT_WORDS and of AXIS_WORDS.
    """
    rows = np.arange(1 << 16, dtype=np.uint16)
    counts = np.bitwise_count(rows).astype(np.uint32)
    for place, words in ((10, FLAT_WORDS), (20, AXIS_WORDS)):
        others = np.frombuffer(words, "<u2")
        nearest = np.bitwise_count(rows[:, None] ^ others[None]).min(axis=1)
        counts |= nearest.astype(np.uint32) << np.uint32(place)
    return counts


@compiled(
    types.void(
        frozen(types.uint16, 2),
        frozen(types.uint32, 1),
        types.uint32[::1],
    )
)
def _add_up(rows: Any, counts: Any, sums: Any) -> None:
    """The sum of the counts of each value's 16 rows."""
    for value in range(rows.shape[0]):
        total = np.uint32(0)
        for row in range(rows.shape[1]):
            total += counts[rows[value, row]]
        sums[value] = total
