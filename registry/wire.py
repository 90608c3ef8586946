"""The words of NCMEC hash sharing, version 2, as they stand on the wire."""

import re
from datetime import UTC, datetime
from enum import StrEnum

from matching.fingerprint import Algorithm

NAMESPACE = "https://hashsharing.ncmec.org/hashsharing/v2"
_TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


class WireAlgorithm(StrEnum):
    """The protocol's algorithms. This registry's entries carry some of them, see `carried`."""

    MD5 = "MD5"
    SHA1 = "SHA1"
    PDNA = "PDNA"
    PDQ = "PDQ"
    NETCLEAN = "NETCLEAN"
    VIDENTIFIER = "VIDENTIFIER"
    TMK_PDQF = "TMK_PDQF"
    SSVH_PDNA = "SSVH_PDNA"
    SSVH_SAFER_HASH = "SSVH_SAFER_HASH"

    @property
    def type_name(self) -> str:
        """As the `type` of a feedback: Md5, TmkPdqf."""
        return "".join(part.capitalize() for part in self.split("_"))

    @property
    def tag(self) -> str:
        """As an element of an entry's fingerprints: md5, tmk-pdqf."""
        return self.lower().replace("_", "-")

    @property
    def carried(self) -> Algorithm | None:
        """The same algorithm in `matching`, where it knows it."""
        return next((known for known in Algorithm if known.value == self.tag), None)

    @classmethod
    def of(cls, algorithm: Algorithm) -> "WireAlgorithm":
        """The wire's word for an algorithm of `matching`."""
        return cls(algorithm.value.upper())


def format_time(moment: datetime) -> str:
    """An aware time as the protocol writes it: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime(_TIME_FORMAT)


def parse_time(text: str) -> datetime:
    """Read YYYY-MM-DDTHH:MM:SSZ and nothing else. Raises ValueError."""
    if not _TIME.fullmatch(text):
        raise ValueError("a time is written YYYY-MM-DDTHH:MM:SSZ, in UTC")
    return datetime.strptime(text, _TIME_FORMAT).replace(tzinfo=UTC)
