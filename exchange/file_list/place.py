"""Where a reading stands in the file, and which state of the file it reads."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from exchange.errors import Refused
from exchange.json_object import list_in, number_in, text_in
from exchange.records import Checkpoint
from exchange.timestamps import aware, read_utc, write_utc

Stamp = tuple[int, ...]
"""What tells a changed file at a glance: time of change in ns, size, inode."""


@dataclass(frozen=True, slots=True)
class Place:
    """`digest` is the SHA-256 of the file, `began` when its reading did, `offset` the first byte
    that has not been read, None once all have, `line` how many lines lie before it."""

    stamp: Stamp
    digest: str
    began: datetime
    offset: int | None = 0
    line: int = 0

    @classmethod
    def load(cls, checkpoint: Checkpoint | None) -> Self | None:
        """The place as `dump` wrote it. Raises Refused for a checkpoint that it did not write."""
        if checkpoint is None:
            return None
        try:
            known = dict(checkpoint)
            stamp = list_in(known, "stamp")
            digest, line = text_in(known, "digest"), number_in(known, "line")
            began, offset = read_utc(text_in(known, "began")), known["offset"]
        except (KeyError, TypeError, ValueError):
            digest, line = "", None
        numbers = digest and all(isinstance(one, int) for one in (*stamp, offset or 0))
        if not numbers or line is None:
            raise Refused(
                "file list: the checkpoint is not one of this kind; fetch from the beginning"
            )
        return cls(tuple(stamp), digest, began, offset, line)

    def dump(self) -> Checkpoint:
        """JSON-able."""
        return {
            "stamp": list(self.stamp),
            "digest": self.digest,
            "began": write_utc(self.began),
            "offset": self.offset,
            "line": self.line,
        }

    @classmethod
    def beginning(cls, stamp: Stamp, digest: str, now: datetime, before: Self | None) -> Self:
        """Before the first line. A reading is later than the one `before` it by a second at least,
        whatever the clock does, so that what is not in it can be told by its time."""
        began = aware(now).replace(microsecond=0)
        if before is not None:
            began = max(began, before.began + timedelta(seconds=1))
        return cls(stamp, digest, began)

    def past(self, offset: int | None, line: int) -> Self:
        """Further on in the same file."""
        return replace(self, offset=offset, line=line)
