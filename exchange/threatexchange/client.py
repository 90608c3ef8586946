"""The client: one method for each thing that ThreatExchange can be asked."""

import logging
import re
import ssl
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import ClassVar
from urllib.parse import urlencode

from exchange.closing import Closing
from exchange.connection import Connection, Limits
from exchange.errors import Refused
from exchange.json_object import read_object, text_in
from exchange.records import (
    Checkpoint,
    EntryRecord,
    Member,
    Outcome,
    Page,
    Reason,
    Receipt,
    Told,
    Vote,
)
from exchange.threatexchange.assumed import CURSOR_REFUSED, DESCRIPTORS, PAGE_SIZE
from exchange.threatexchange.failures import judge_graph
from exchange.threatexchange.opinions import Descriptor, is_id, read_descriptors
from exchange.threatexchange.parse import TYPES, Updates, read_updates
from exchange.threatexchange.place import Place
from matching.fingerprint import Algorithm

logger = logging.getLogger(__name__)

_TOKEN = re.compile(r"([0-9]{1,25})(?:\||%7C)([!-~]+)", re.IGNORECASE)
_FIELDS = (
    "id,indicator,type,last_updated,should_delete,"
    "descriptors{id,owner{id,name},status,tags,reactions}"
)
_REACTIONS = {None: "SAW_THIS_TOO", Vote.AFFIRMATIVE: "HELPFUL", Vote.NEGATIVE: "NOT_HELPFUL"}
_OPPOSITE = {"HELPFUL": "NOT_HELPFUL", "NOT_HELPFUL": "HELPFUL"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class ThreatExchangeClient(Closing):
    """One application's access to one privacy group.

    `address` is the Graph API's with its version and the group's id at the end, as
    https://graph.facebook.com/v26.0/123456789. `credentials` is the application's access token,
    `app-id|app-secret`; it travels in a header, never in an address. Every method raises
    Unavailable and Refused. Safe to share between threads.
    """

    told: ClassVar[frozenset[Told]] = frozenset({Told.MATCH, Told.OUTCOME})
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
        token = _TOKEN.fullmatch(credentials.strip())
        if token is None:
            raise Refused("ThreatExchange: the credentials must be written as app-id|app-secret")
        if member_ids:
            raise Refused(
                "ThreatExchange: a source reads one privacy group whole; leave the member ids empty"
            )
        base, _, group = address.strip().rstrip("/").rpartition("/")
        if not is_id(group):
            raise Refused(
                "ThreatExchange: the address must end in the privacy group's id, "
                "as https://graph.facebook.com/v26.0/123456789"
            )
        self._app = token[1]
        self._group = Member(group, f"ThreatExchange, privacy group {group}")
        self._headers = {"Authorization": f"Bearer {token[1]}|{token[2]}"}
        self._connection = Connection(
            base, "ThreatExchange", limits=limits, tls=tls, verdict=judge_graph
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._connection.base)!r}, group {self._group.id})"

    def close(self) -> None:
        """Close the connections. Nothing can be asked afterwards."""
        self._connection.close()

    def whoami(self) -> Member:
        """Our application and the group that it reads: tests address and token."""
        fields = "id,name,threat_updates_enabled"
        group = self._get(self._group.id, "group", fields=fields)
        if group.get("threat_updates_enabled") is False:
            raise Refused(
                "ThreatExchange: group: threat_updates is not enabled for this privacy group; "
                "ask ThreatExchange to enable it"
            )
        name = text_in(group, "name", limit=200) or self._group.id
        return Member(self._app, f"an application in the privacy group {name}")

    def fetch(self, checkpoint: Checkpoint | None, now: datetime) -> Page:
        """The page after `checkpoint`, from the beginning of the list without one.

        Where the service no longer knows its cursor, the page is empty, `more` is false, and the
        next fetch goes on from the newest update seen. After a silence of DELETIONS_KEPT the list
        is read whole, and the last page says what is gone.
        """
        place = Place.load(checkpoint, now)
        try:
            updates = self._updates(place)
        except Refused as refusal:
            if place.after is None or refusal.status not in CURSOR_REFUSED:
                raise
            logger.warning("ThreatExchange: updates: the next page is refused; its time leads on")
            return Page((), (), place.restarted().dump(), more=False)
        past = place.past(updates.after, updates.newest)
        more = past.after is not None
        return Page(
            tuple(_as_of(place.began, entry) for entry in updates.entries),
            updates.problems,
            past.dump(),
            more=more,
            gone_before=None if more else place.began,
        )

    def reasons(self, algorithm: Algorithm) -> tuple[Reason, ...]:
        """None: ThreatExchange takes reactions, not reasons."""
        return ()

    def report(self, outcome: Outcome) -> Receipt:
        """React to every descriptor of the entry that is not our own.

        SAW_THIS_TOO without a vote, HELPFUL, NOT_HELPFUL; the opposite one, from an outcome that
        was reversed, is taken back. Reactions are a set, so repeating it does no harm.
        """
        if not is_id(outcome.entry_id):
            raise Refused("ThreatExchange: reaction: the entry's id is none of ThreatExchange's")
        found = self._get(
            outcome.entry_id,
            "descriptors",
            fields=f"descriptors.limit({DESCRIPTORS}){{id,owner{{id}},my_reactions}}",
        )
        theirs = [one for one in read_descriptors(found) if one.owner.id != self._app]
        if not theirs:
            raise Refused("ThreatExchange: reaction: the entry has no descriptor to react to")
        reaction = _REACTIONS[outcome.vote]
        return [self._react(one, reaction) for one in theirs][-1]

    def _react(self, descriptor: Descriptor, reaction: str) -> Receipt:
        form = {"reactions": reaction}
        opposite = _OPPOSITE.get(reaction)
        if opposite in descriptor.ours:
            form["reactions_to_remove"] = opposite
        answer = self._connection.send(
            "POST",
            f"/{descriptor.id}",
            "reaction",
            urlencode(form).encode(),
            {**_FORM, **self._headers},
        )
        if read_object(answer.body, "ThreatExchange: reaction").get("success") is not True:
            raise Refused("ThreatExchange: reaction: it was not taken", status=answer.status)
        return Receipt(answer.status)

    def _updates(self, place: Place) -> Updates:
        query = {
            "start_time": str(place.since),
            "types": ",".join(TYPES),
            "fields": _FIELDS,
            "limit": str(PAGE_SIZE),
        }
        if place.after is not None:
            query["after"] = place.after
        path = f"/{self._group.id}/threat_updates"
        answer = self._connection.get(path, "updates", params=query, headers=self._headers)
        return read_updates(answer.body, self._group, self._app)

    def _get(self, object_id: str, what: str, *, fields: str) -> dict[str, object]:
        answer = self._connection.get(
            f"/{object_id}", what, params={"fields": fields}, headers=self._headers
        )
        return read_object(answer.body, f"ThreatExchange: {what}")


def _as_of(began: datetime | None, entry: EntryRecord) -> EntryRecord:
    """In a reading that replaces what was known, an entry is as new as the reading."""
    if began is None or (entry.timestamp is not None and entry.timestamp >= began):
        return entry
    return replace(entry, timestamp=began)
