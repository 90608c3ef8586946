"""The client: one method for each thing that NCMEC hash sharing can be asked."""

import logging
import ssl
from collections.abc import Collection
from datetime import datetime
from typing import ClassVar

import httpx

from exchange.closing import Closing
from exchange.connection import Connection, Limits
from exchange.errors import Refused, Unavailable
from exchange.ncmec.assumed import NEXT_REFUSED
from exchange.ncmec.names import PATH_WORD
from exchange.ncmec.parse import (
    Listing,
    read_listing,
    read_members,
    read_reasons,
    read_receipt,
    read_status,
)
from exchange.ncmec.window import Window
from exchange.ncmec.write import feedback_path, write_feedback
from exchange.records import Checkpoint, Member, Outcome, Page, Reason, Receipt, Told
from exchange.timestamps import write_utc
from matching.fingerprint import Algorithm

logger = logging.getLogger(__name__)

_XML = {"Content-Type": "application/xml; charset=utf-8"}


class NcmecClient(Closing):
    """One account at one NCMEC environment.

    `credentials` is `user:password`. With `member_ids`, entries of other members are left out: Take
    It Down's are those of the member "Take It Down" on the non-profit list. Every method raises
    Unavailable and Refused. Safe to share between threads.
    """

    told: ClassVar[frozenset[Told]] = frozenset({Told.OUTCOME})
    needs_secret: ClassVar[bool] = True

    def __init__(
        self,
        address: str,
        credentials: str,
        *,
        member_ids: Collection[str] = (),
        limits: Limits | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        user, colon, password = credentials.partition(":")
        if not (user and colon and password):
            raise Refused("NCMEC: the credentials must be written as user:password")
        self._members = frozenset(member_ids)
        self._connection = Connection(
            address, "NCMEC", auth=httpx.BasicAuth(user, password), limits=limits, tls=tls
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._connection.base)!r})"

    def close(self) -> None:
        """Close the connections. Nothing can be asked afterwards."""
        self._connection.close()

    def whoami(self) -> Member:
        """The member that the credentials belong to: tests the connection."""
        return read_status(self._connection.get("/v2/status", "status").body)

    def members(self) -> tuple[Member, ...]:
        """Everybody who takes part, for choosing `member_ids`."""
        return read_members(self._connection.get("/v2/members", "members").body)

    def fetch(self, checkpoint: Checkpoint | None, now: datetime) -> Page:
        """The page after `checkpoint`, from the beginning of the list without one.

        Nothing is asked for where no whole second has passed since the last window.
        """
        window = Window.load(checkpoint).at(now)
        if window.empty:
            return Page((), (), window.dump(), more=False)
        window, listing = self._listing(window, now)
        after = window.after(listing.next, now)
        return Page(
            tuple(entry for entry in listing.entries if self._wants(entry.member.id)),
            tuple(fault for fault in listing.problems if self._wants(fault.member_id)),
            after.dump(),
            more=not after.empty,
        )

    def reasons(self, algorithm: Algorithm) -> tuple[Reason, ...]:
        """The reasons that a negative vote on a fingerprint of `algorithm` can give."""
        path = f"/v2/feedback/{PATH_WORD[algorithm]}/reasons"
        return read_reasons(self._connection.get(path, "reasons").body, algorithm)

    def report(self, outcome: Outcome) -> Receipt:
        """Vote. A vote sent again replaces the earlier one, so repeating it does no harm."""
        path, body = feedback_path(outcome), write_feedback(outcome)
        answer = self._connection.send("PUT", path, "feedback", body, _XML)
        read_receipt(answer.body)
        return Receipt(answer.status)

    def _listing(self, window: Window, now: datetime) -> tuple[Window, Listing]:
        """The page that is due, and the window it belongs to: begun anew if `next` is refused."""
        if window.next is not None:
            try:
                listing = read_listing(self._connection.get(window.next, "entries").body)
            except Refused as refusal:
                if refusal.status not in NEXT_REFUSED:
                    raise
                if not window.may_restart(now):
                    raise Unavailable(
                        f"{refusal}; the window was begun anew already", status=refusal.status
                    ) from None
                logger.warning("NCMEC: entries: the next page is refused; the window begins anew")
                window = window.restarted()
            else:
                if listing.next == window.next:
                    raise Unavailable("NCMEC: entries: a page names itself as the next", status=200)
                return window, listing
        bounds = {"from": write_utc(window.since), "to": write_utc(window.until)}
        answer = self._connection.get("/v2/entries", "entries", params=bounds)
        return window.begun(answer.date), read_listing(answer.body)

    def _wants(self, member_id: str | None) -> bool:
        return not self._members or member_id is None or member_id in self._members
