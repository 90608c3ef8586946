"""Where a fetch stands: a time, and within a reading the cursor of the page to come.

Updates come in the order of their times, and a time asks for everything from it on, itself
included. So a reading that breaks off goes on from the newest update that was seen.

A deletion is told for a while only. Who comes later reads the whole list anew, and what that does
not name is gone: `whole` is when such a reading began.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Self

from exchange.errors import Refused, Unavailable
from exchange.json_object import number_in
from exchange.records import Checkpoint
from exchange.threatexchange.assumed import DELETIONS_KEPT
from exchange.timestamps import aware


@dataclass(frozen=True, slots=True)
class Place:
    """Seconds since 1970: `since` is where this reading begins, `upto` the newest update seen,
    `asked` when the last page was."""

    since: int
    upto: int
    asked: int
    after: str | None = None
    whole: int | None = None

    @classmethod
    def load(cls, checkpoint: Checkpoint | None, now: datetime) -> Self:
        """The place as `dump` wrote it, or the beginning, also where too long ago.

        Raises Refused for a checkpoint that `dump` did not write.
        """
        moment = int(aware(now).timestamp())
        if checkpoint is None:
            return cls(0, 0, moment)
        place = cls._read(checkpoint)
        if moment - place.asked > DELETIONS_KEPT.total_seconds():
            return cls(0, 0, moment, whole=moment)
        return replace(place, asked=max(moment, place.asked))

    @classmethod
    def _read(cls, checkpoint: Checkpoint) -> Self:
        try:
            known = dict(checkpoint)
            since, upto, asked = (number_in(known, key) for key in ("since", "upto", "asked"))
            after, whole = known["after"], known["whole"]
        except (KeyError, TypeError, ValueError):
            since = upto = asked = after = whole = None
        fits = isinstance(after, str | None) and isinstance(whole, int | None)
        if since is None or upto is None or asked is None or not fits:
            raise Refused(
                "ThreatExchange: updates: the checkpoint is not one of this kind; "
                "fetch from the beginning"
            )
        return cls(since, upto, asked, after, whole)

    def dump(self) -> Checkpoint:
        """JSON-able, and without the access token that the service's own `next` carries."""
        return {
            "since": self.since,
            "upto": self.upto,
            "asked": self.asked,
            "after": self.after,
            "whole": self.whole,
        }

    def past(self, after: str | None, newest: datetime | None) -> Self:
        """Where it stands once a page has been read whose newest update is `newest`.

        Raises Unavailable for a page that names itself as the next.
        """
        if after is not None and after == self.after:
            raise Unavailable("ThreatExchange: updates: a page names itself as the next")
        seconds = int(newest.timestamp()) if newest else 0
        upto = max(self.upto, min(seconds, self.asked))  # a slip of theirs must not skip the future
        if after is not None:
            return replace(self, upto=upto, after=after)
        return replace(self, since=upto, upto=upto, after=None, whole=None)

    def restarted(self) -> Self:
        """After the newest update seen, without a cursor."""
        return replace(self, since=self.upto, after=None)

    @property
    def began(self) -> datetime | None:
        """When the reading began that replaces what was known; None in any other."""
        return None if self.whole is None else datetime.fromtimestamp(self.whole, UTC)
