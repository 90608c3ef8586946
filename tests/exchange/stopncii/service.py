"""The StopNCII service as far as a platform meets it: keys per endpoint, pages, cases, feedback.

Faithful in its habits: a record comes whole with each change, a withdrawn one stays on the list as
such, `nextSetTimestamp` of a later page can be smaller, a token is forgotten after a while. Meta's
own client reads it (tests/exchange/stopncii/test_service.py).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from matching.fingerprint import Fingerprint
from tests.exchange.ncmec.records import START
from tests.exchange.server import Reply, Request

FETCH_KEY, SUBSCRIPTION, FEEDBACK_KEY = "fetch-key-1", "subscription-key-2", "feedback-key-3"
CREDENTIALS = f"{FETCH_KEY},{SUBSCRIPTION},{FEEDBACK_KEY}"
SOURCE = "Our Platform"


@dataclass
class Record:
    """A hash with its cases and what platforms said of it."""

    signal: str
    value: str
    changed: int
    status: str = "Active"
    feedback: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def wire(self) -> dict[str, Any]:
        return {
            "lastModtimestamp": self.changed,
            "signalType": self.signal,
            "hashValue": self.value,
            "hashStatus": self.status,
            "caseNumbers": {"11111111-2222-3333-4444-555555555555": self.status},
            "CSPFeedbacks": list(self.feedback.values()),
        }


class Service:
    """Answers requests for a Server. `now` is its clock, `records` its list by hash."""

    def __init__(self, page: int = 3) -> None:
        self.page = page
        self.now: datetime = START
        self.records: dict[str, Record] = {}
        self.odd: list[object] = []
        self._tokens: dict[str, int] = {}

    def put(self, signal: str, fingerprint: Fingerprint, status: str = "Active") -> None:
        """Add a hash or change it. StopNCII writes hex in upper case here."""
        value = fingerprint.hex.upper()
        record = self.records.setdefault(value, Record(signal, value, 0))
        record.status, record.changed = status, self._stamp()

    def say(self, fingerprint: Fingerprint, source: str, value: str, *tags: str) -> None:
        """Another platform's feedback."""
        self._feedback(fingerprint.hex.upper(), source, value, list(tags))

    def wait(self, **time: float) -> None:
        self.now += timedelta(**time)

    def forget(self) -> None:
        """Know no token any more."""
        self._tokens.clear()

    def answer(self, request: Request) -> Reply:
        """What the service says."""
        endpoint = request.path.strip("/")
        key = {"FetchHashes": FETCH_KEY, "SubmitFeedback": FEEDBACK_KEY}.get(endpoint)
        if key is None:
            return Reply(404)
        given = (
            request.headers.get("ocp-apim-subscription-key"),
            request.headers.get("x-functions-key"),
        )
        if given != (SUBSCRIPTION, key):
            return Reply(401, b"Access denied due to invalid subscription key.")
        if endpoint == "FetchHashes":
            return self._fetch(request.query)
        return self._take(json.loads(request.body))

    def _fetch(self, query: Mapping[str, str]) -> Reply:
        start, token = int(query["startTimestamp"]), query.get("nextPageToken", "")
        if token and token not in self._tokens:
            return Reply(400, b"Invalid nextPageToken")
        changed = [one for one in self.records.values() if one.changed >= start]
        first = self._tokens.get(token, 0)
        size = min(self.page, int(query["pageSize"]))
        page, more = changed[first : first + size], len(changed) > first + size
        following = None
        if more:
            following = f"page-{start}-{first + size}"
            self._tokens[following] = first + size
        records = [one.wire for one in page] + ([] if more else self.odd)
        return _json(
            {
                "count": len(records),
                "nextPageToken": following,
                "nextSetTimestamp": max((one.changed for one in page), default=start) + 1,
                "hasMoreRecords": more,
                "hashRecords": records,
            }
        )

    def _take(self, document: dict[str, Any]) -> Reply:
        feedbacks = document["hashFeedbacks"]
        if document["count"] != len(feedbacks):
            return Reply(400)
        for one in feedbacks:
            value = one["hashValue"].upper()
            if value not in self.records:
                return Reply(404)
            self._feedback(value, SOURCE, one["feedbackValue"], one["tags"])
        return _json({"accepted": len(feedbacks)})

    def _feedback(self, value: str, source: str, said: str, tags: list[str]) -> None:
        record = self.records[value]
        record.feedback[source] = {"source": source, "feedbackValue": said, "tags": tags}
        record.changed = self._stamp()

    def _stamp(self) -> int:
        return int(self.now.timestamp())


def _json(document: object) -> Reply:
    return Reply(200, json.dumps(document).encode(), {"Content-Type": "application/json"})
