"""Where a fetch stands: how far all pages have been read, and the token of the page to come.

`nextSetTimestamp` of a later page can be smaller than that of an earlier one. The greatest counts,
once the last page has been read; it never moves back, and never past the present.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from exchange.errors import Refused, Unavailable
from exchange.json_object import number_in
from exchange.records import Checkpoint
from exchange.stopncii.assumed import BEGINNING
from exchange.timestamps import aware


@dataclass(frozen=True, slots=True)
class Place:
    """Seconds since 1970: `since` has been read whole, `upto` is what the pages so far advise."""

    since: int
    upto: int
    token: str | None = None

    @classmethod
    def load(cls, checkpoint: Checkpoint | None) -> Self:
        """The place as `dump` wrote it. Raises Refused for a checkpoint that it did not write."""
        if checkpoint is None:
            return cls(BEGINNING, BEGINNING)
        try:
            since, upto = (number_in(dict(checkpoint), key) for key in ("since", "upto"))
            token = checkpoint["token"]
        except (KeyError, TypeError, ValueError):
            since = upto = token = None
        if since is None or upto is None or not isinstance(token, str | None):
            raise Refused(
                "StopNCII: hashes: the checkpoint is not one of this kind; fetch from the beginning"
            )
        return cls(since, upto, token)

    def dump(self) -> Checkpoint:
        """JSON-able."""
        return {"since": self.since, "upto": self.upto, "token": self.token}

    def after(self, token: str | None, upto: int | None, now: datetime) -> Self:
        """Where it stands once a page has been read.

        Raises Unavailable for a page that names itself as the next.
        """
        if token is not None and token == self.token:
            raise Unavailable("StopNCII: hashes: a page names itself as the next", status=200)
        upto = max(self.upto, min(upto or 0, int(aware(now).timestamp())))
        return replace(self, since=self.since if token else upto, upto=upto, token=token)

    def restarted(self) -> Self:
        """Before the first page again."""
        return replace(self, upto=self.since, token=None)
