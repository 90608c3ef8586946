"""What a fingerprint is: an algorithm and a value of that algorithm's length.

A perceptual fingerprint can be partly inverted to a picture, so a value never shows itself:
`repr` and `str` give the algorithm only.
"""

import binascii
from dataclasses import dataclass, field
from enum import StrEnum


class FingerprintError(ValueError):
    """A value that is not a fingerprint of its algorithm. The message never holds the value."""


class Algorithm(StrEnum):
    """The algorithms this project matches with. Others are carried by registries and set aside."""

    PDQ = "pdq"
    MD5 = "md5"
    SHA1 = "sha1"

    @property
    def size(self) -> int:
        """Length of a value in bytes: PDQ 32 (256 bits), MD5 16, SHA-1 20."""
        return {Algorithm.PDQ: 32, Algorithm.MD5: 16, Algorithm.SHA1: 20}[self]


@dataclass(frozen=True, slots=True, order=True)
class Fingerprint:
    """One fingerprint. `value` is raw bytes, never text; `hex` is for the wire only."""

    algorithm: Algorithm
    value: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.value) != self.algorithm.size:
            raise FingerprintError(
                f"a {self.algorithm} fingerprint has {self.algorithm.size} bytes, "
                f"this one has {len(self.value)}"
            )

    @classmethod
    def parse(cls, algorithm: str, text: str) -> "Fingerprint":
        """Read the wire form: the algorithm's name and hex digits, upper or lower case.

        Raises FingerprintError for an unknown algorithm, a wrong length or a character that is
        not a hex digit. Surrounding white space is dropped.
        """
        try:
            known = Algorithm(algorithm.strip().lower())
        except ValueError:
            known_names = ", ".join(Algorithm)
            raise FingerprintError(
                f"unknown algorithm {algorithm[:40]!r}; known are {known_names}"
            ) from None
        digits = text.strip()
        if len(digits) != 2 * known.size:
            raise FingerprintError(
                f"a {known} fingerprint has {2 * known.size} hex digits, this one has {len(digits)}"
            )
        try:
            value = binascii.unhexlify(digits)
        except ValueError:
            raise FingerprintError(
                f"a {known} fingerprint is hex digits only; this one has other characters"
            ) from None
        return cls(known, value)

    @property
    def hex(self) -> str:
        """Lower-case hex, for the wire and for nothing else."""
        return self.value.hex()
