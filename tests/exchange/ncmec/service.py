"""The NCMEC service as far as this client meets it: Basic, windows, pages out of time order, votes.

Faithful in its habits: timestamps of whole seconds, `from` exclusive and `to` inclusive, pages by
row number (so that a page may come out short or empty), a `next` that is forgotten after a while.
The independent check of the client is tests/exchange/ncmec/test_against_reference.py.
"""

import base64
import zlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from xml.sax.saxutils import escape

from exchange.records import EntryRecord, Member
from exchange.timestamps import read_utc
from tests.exchange.ncmec.documents import document, listing_document
from tests.exchange.ncmec.records import OURS, PEER, START, THEIRS
from tests.exchange.server import Reply, Request

USER, PASSWORD = "our-user", "correct horse: battery staple"
CREDENTIALS = f"{USER}:{PASSWORD}"
REASON = ("3fa85f64-5717-4562-b3fc-2c963f66afa6", "Not what it says")

_LIFE = timedelta(hours=12)


class Service:
    """Answers requests for a Server. `now` is its clock, `rows` its list by place."""

    def __init__(self, page: int = 3) -> None:
        self.page = page
        self.now: datetime = START
        self.rows: dict[int, EntryRecord] = {}
        self.votes: dict[str, bytes] = {}
        self._given: dict[str, datetime] = {}

    def put(self, entry: EntryRecord) -> None:
        """Add an entry, or replace it whole where it stands, with the time of now."""
        place = zlib.crc32(f"{entry.member.id} {entry.entry_id}".encode()) + 1
        self.rows[place] = replace(entry, timestamp=self.now.replace(microsecond=0))

    def forget(self) -> None:
        """Know no `next` any more."""
        self._given.clear()

    def answer(self, request: Request) -> Reply:
        """What the service says."""
        given = base64.b64encode(CREDENTIALS.encode()).decode()
        if request.headers.get("authorization") != f"Basic {given}":
            return Reply(401, b"who are you?")
        match request.method, request.path.split("/")[1:]:
            case "GET", ["v2", "entries"]:
                return self._entries(request.query)
            case "GET", ["v2", "status"]:
                inside = f"<ipAddress>::1</ipAddress><username>{USER}</username>{_member(OURS)}"
                body = document("status", inside)
            case "GET", ["v2", "members"]:
                body = document("members", "".join(map(_member, (OURS, THEIRS, PEER))))
            case "GET", ["v2", "feedback", word, "reasons"]:
                inside = f'<reason guid="{REASON[0]}" name="{REASON[1]}" type="{word.title()}"/>'
                body = document("availableFeedbackReasons", inside)
            case "PUT", ["v2", "entries", member, entry, word, "feedback"]:
                self.votes[f"{member}/{entry}/{word}"] = request.body
                body = document("submissionResult", "")
            case _:
                return Reply(404, b"no such thing")
        return self._xml(body)

    def _entries(self, query: Mapping[str, str]) -> Reply:
        given = self._given.get(query.get("start", ""))
        if "start" in query and (given is None or self.now - given > _LIFE):
            return Reply(400, b"begin again")
        start = int(query.get("start", "0"))
        after, until = read_utc(query["from"]), read_utc(query["to"])
        places = sorted(place for place in self.rows if place > start)
        page = [
            entry
            for entry in map(self.rows.__getitem__, places[: self.page])
            if entry.timestamp and after < entry.timestamp <= until
        ]
        if len(places) <= self.page:
            return self._xml(listing_document(page))
        start = places[self.page - 1]
        self._given[str(start)] = self.now
        onward = f"/v2/entries?from={query['from']}&to={query['to']}&start={start}&size=1000"
        return self._xml(listing_document(page, onward))

    def _xml(self, body: bytes) -> Reply:
        date = format_datetime(self.now, usegmt=True)
        return Reply(200, body, {"Content-Type": "application/xml", "Date": date})


def _member(member: Member) -> str:
    return f'<member id="{member.id}">{escape(member.name)}</member>'
