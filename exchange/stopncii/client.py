"""The client: one method for each thing that StopNCII can be asked."""

import json
import logging
import ssl
from collections.abc import Collection
from datetime import datetime
from typing import ClassVar

from exchange.closing import Closing
from exchange.connection import Answer, Connection, Limits
from exchange.errors import Refused
from exchange.json_object import read_object
from exchange.records import Checkpoint, Member, Outcome, Page, Reason, Receipt, Told, Vote
from exchange.stopncii.assumed import BEGINNING, PAGE_SIZE, TOKEN_REFUSED, US
from exchange.stopncii.parse import read_fetched
from exchange.stopncii.place import Place
from matching.fingerprint import Algorithm

logger = logging.getLogger(__name__)

_VALUES = {None: "PendingReview", Vote.AFFIRMATIVE: "Blocked", Vote.NEGATIVE: "NotBlocked"}


class StopNciiClient(Closing):
    """One platform's account at StopNCII.

    `credentials` is `fetch-key,subscription-key,feedback-key`: the function keys of FetchHashes and
    SubmitFeedback around the subscription's; without the last the account can read only. There are
    no members to choose from. Every method raises Unavailable and Refused. Safe to share between
    threads.
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
        keys = [key.strip() for key in credentials.split(",")]
        fit = all(key and key.isascii() and key.isprintable() for key in keys)
        if not (fit and 2 <= len(keys) <= 3):
            raise Refused(
                "StopNCII: the credentials must be written as "
                "fetch-key,subscription-key,feedback-key"
            )
        if member_ids:
            raise Refused("StopNCII: the list names no members; leave the member ids empty")
        self._fetch_key, self._subscription = keys[:2]
        self._feedback_key = "".join(keys[2:])
        self._connection = Connection(address, "StopNCII", limits=limits, tls=tls)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._connection.base)!r})"

    def close(self) -> None:
        """Close the connections. Nothing can be asked afterwards."""
        self._connection.close()

    def whoami(self) -> Member:
        """Tests the connection by asking for one record; the service does not say who we are."""
        read_fetched(self._get(Place(BEGINNING, BEGINNING), size=1).body)
        return US

    def fetch(self, checkpoint: Checkpoint | None, now: datetime) -> Page:
        """The page after `checkpoint`, from the beginning of the list without one.

        Where the service no longer knows its token, the page is empty, `more` is false, and the
        next fetch begins after the last page that was followed to its end.
        """
        place = Place.load(checkpoint)
        try:
            fetched = read_fetched(self._get(place, size=PAGE_SIZE).body)
        except Refused as refusal:
            if place.token is None or refusal.status not in TOKEN_REFUSED:
                raise
            logger.warning("StopNCII: hashes: the next page is refused; reading begins anew")
            return Page((), (), place.restarted().dump(), more=False)
        after = place.after(fetched.token, fetched.upto, now)
        return Page(fetched.entries, fetched.problems, after.dump(), more=after.token is not None)

    def reasons(self, algorithm: Algorithm) -> tuple[Reason, ...]:
        """None: StopNCII takes tags, not reasons of its own."""
        return ()

    def report(self, outcome: Outcome) -> Receipt:
        """Tell what became of a hash: `PendingReview` without a vote, `Blocked`, `NotBlocked`.

        The feedback names the hash itself, so the outcome must carry it. A feedback sent again
        replaces the earlier one, so repeating it does no harm.
        """
        if outcome.fingerprint is None:
            raise Refused("StopNCII: feedback: the outcome must carry the entry's fingerprint")
        if not self._feedback_key:
            raise Refused("StopNCII: feedback: the credentials hold no feedback key; add it")
        feedback = {
            "hashValue": outcome.fingerprint.hex,
            "feedbackValue": _VALUES[outcome.vote],
            "tags": list(outcome.tags),
        }
        body = json.dumps({"count": 1, "hashFeedbacks": [feedback]}).encode()
        headers = {"Content-Type": "application/json", **self._keys(self._feedback_key)}
        answer = self._connection.send("POST", "/SubmitFeedback", "feedback", body, headers)
        if answer.body.strip():
            read_object(answer.body, "StopNCII: feedback")
        return Receipt(answer.status)

    def _get(self, place: Place, *, size: int) -> Answer:
        query = {"startTimestamp": str(place.since), "pageSize": str(size)}
        if place.token is not None:
            query["nextPageToken"] = place.token
        headers = self._keys(self._fetch_key)
        return self._connection.get("/FetchHashes", "hashes", params=query, headers=headers)

    def _keys(self, function_key: str) -> dict[str, str]:
        return {
            "Ocp-Apim-Subscription-Key": self._subscription,
            "x-functions-key": function_key,
        }
