"""PDQ, the perceptual fingerprint: 256 bits of a picture's luminance and a quality.

Source: facebook/ThreatExchange, hashing/hashing.pdf and pdq/README.md. Computed by
`pdqhash`, which is that reference C++ code; the bits are packed as that code prints them in hex.
"""

import numpy as np
import pdqhash
from numpy.typing import NDArray

from matching.fingerprint import Algorithm, Fingerprint

Pixels = NDArray[np.uint8]
"""A picture as rows x columns x 3 (red, green, blue), C-contiguous."""

MIN_QUALITY = 50
"""Below this a picture is too plain to match: too many unlike pictures share its fingerprint.
Source: facebook/ThreatExchange, pdq/README.md: discard hashes of quality 49 or less."""


def hash_pixels(pixels: Pixels) -> tuple[Fingerprint, int]:
    """The PDQ fingerprint and its quality, 0 (flat) to 100."""
    bits, quality = pdqhash.compute(pixels)
    return Fingerprint(Algorithm.PDQ, np.packbits(bits.astype(np.uint8)).tobytes()), int(quality)


def distance(one: Fingerprint, other: Fingerprint) -> int:
    """How many of the 256 bits differ."""
    return (int.from_bytes(one.value) ^ int.from_bytes(other.value)).bit_count()
