"""A photo's fingerprints: PDQ of the picture as people see it, MD5 and SHA-1 of the bytes."""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from matching.decoding import decode
from matching.fingerprint import Fingerprint
from matching.limits import DEFAULT_LIMITS, MediaLimits
from matching.pdq import MIN_QUALITY, Pixels, hash_pixels
from matching.reading import Deadline, digests, open_regular, read_all

ENLARGED = 512
"""Sides, in pixels, that hashing.pdf has pictures brought to. PDQ of a small copy as it is comes
out far from that of its large original: of 717 pictures 601 were within 31 bits at half the size,
and 653 with this second fingerprint; of the 178 with sides of 256 and more, 170 and all. What it
found besides were drawings of one series that differ in a figure or a colour (coins, flags).
Taken by benchmarks/recall.py."""


@dataclass(frozen=True, slots=True)
class PhotoFingerprints:
    """What is kept of a photo. `quality` is PDQ's, 0 to 100.

    `enlarged` is, for a small photo only, PDQ and quality of the same picture brought to ENLARGED
    first: to look for it by, beside `pdq`, and not to list it by.
    """

    pdq: Fingerprint
    quality: int
    md5: Fingerprint
    sha1: Fingerprint
    enlarged: tuple[Fingerprint, int] | None = None

    @property
    def too_plain(self) -> bool:
        """The PDQ is not to be matched; MD5 and SHA-1 still are."""
        return self.quality < MIN_QUALITY


def fingerprint_photo(
    source: Path | BinaryIO, limits: MediaLimits = DEFAULT_LIMITS
) -> PhotoFingerprints:
    """Fingerprint one photo, read once and forgotten.

    Raises Unreadable with a reason for people: empty, truncated, not a picture, over a limit.
    """
    deadline = Deadline(limits.max_seconds)
    if isinstance(source, Path):
        with open_regular(source) as file:
            data = read_all(file, limits.max_photo_bytes)
    else:
        data = read_all(source, limits.max_photo_bytes)
    pixels = decode(data, limits)
    deadline.check()
    pdq, quality = hash_pixels(pixels)
    exact = digests(data)
    return PhotoFingerprints(
        pdq=pdq, quality=quality, md5=exact.md5, sha1=exact.sha1, enlarged=_enlarged(pixels)
    )


def _enlarged(pixels: Pixels) -> tuple[Fingerprint, int] | None:
    rows, columns, _ = pixels.shape
    size = max(columns, ENLARGED), max(rows, ENLARGED)
    if size == (columns, rows):
        return None
    larger = Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR)
    return hash_pixels(np.asarray(larger))
