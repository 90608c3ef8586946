"""Which sampled frames of a film are kept: those that differ from the one kept before.

A held shot gives the same frame for minutes; one print of it is enough. Leaving out a frame that
is d bits from a kept one can cost only a match that lay within d bits of the threshold, so the
first d is small. When a film has more frames than may be kept, those most like the one before
them go first: single pictures strung together (a slide show) are the last to go.
"""

from dataclasses import dataclass

from matching.fingerprint import Fingerprint
from matching.pdq import distance

NEAR_IDENTICAL = 4
"""Bits. Neighbouring frames of a held shot differ by this much through compression alone."""

STEP = 8


@dataclass(frozen=True, slots=True)
class FramePrint:
    """One sampled frame: where in the film, its PDQ and the quality of that, 0 to 100."""

    seconds: float
    pdq: Fingerprint
    quality: int


class ThinnedFrames:
    """Frames of one film in order, at most `limit` of them, each unlike the one before it."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._nearest = NEAR_IDENTICAL
        self._kept: list[FramePrint] = []

    def add(self, frame: FramePrint) -> None:
        """Keep the frame if it differs from the last one kept; make room if there is none."""
        if self._differs(frame):
            self._kept.append(frame)
        while len(self._kept) > self._limit:
            self._nearest += STEP
            frames, self._kept = self._kept, []
            self._kept.extend(kept for kept in frames if self._differs(kept))

    def _differs(self, frame: FramePrint) -> bool:
        return not self._kept or distance(self._kept[-1].pdq, frame.pdq) > self._nearest

    def frames(self) -> tuple[FramePrint, ...]:
        """What was kept, in the film's order."""
        return tuple(self._kept)
