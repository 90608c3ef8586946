"""The reasons for a negative vote, per algorithm.

NCMEC's own list is not public: names and guids here are assumed, and this is the one place.
A guid is made from the algorithm and a fixed word, so it stays the same when a name is reworded.
"""

from dataclasses import dataclass
from uuid import UUID, uuid5

from registry.wire import WireAlgorithm

_GUIDS = UUID("5c9df0b3-5f0e-4c0a-9d5e-6a2f0f6f1c55")
_EXACT = {
    "not-as-described": "The content is not what the entry says it is",
    "consented": "The depicted person has agreed to its publication",
}
_PERCEPTUAL = _EXACT | {"unrelated": "The fingerprint matches unrelated content"}
_EXACT_ALGORITHMS = {WireAlgorithm.MD5, WireAlgorithm.SHA1}


@dataclass(frozen=True, slots=True)
class WireReason:
    """One reason that a member can give."""

    guid: str
    name: str
    algorithm: WireAlgorithm


def reasons_for(algorithm: WireAlgorithm) -> tuple[WireReason, ...]:
    """All reasons that a negative vote on this algorithm may name."""
    words = _EXACT if algorithm in _EXACT_ALGORITHMS else _PERCEPTUAL
    return tuple(
        WireReason(str(uuid5(_GUIDS, f"{algorithm}/{word}")), name, algorithm)
        for word, name in words.items()
    )
