"""Entries for tests, and reading a window to its end as a member would."""

import hashlib
import re
import xml.etree.ElementTree as ET  # for the type
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from defusedxml.ElementTree import fromstring
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from exchange.records import MediaKind
from matching.fingerprint import Algorithm, Fingerprint
from registry.entries import add_entry, withdraw
from registry.tables import Entry
from tests.registry.conftest import OURS, SignIn, parts

NS = "{https://hashsharing.ncmec.org/hashsharing/v2}"
A_CHANGE = 250
"""Entries added in one change, which has a few seconds on a busy machine."""
EPOCH = "1970-01-01T00:00:00Z"


def soon() -> str:
    """A `to` that takes in what was written just now (a stamp is the next whole second)."""
    return wire(datetime.now(UTC) + timedelta(seconds=60))


def wire(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def made_up(algorithm: Algorithm, number: int) -> Fingerprint:
    """A fingerprint of nothing."""
    return Fingerprint(
        algorithm, hashlib.sha256(f"{algorithm}{number}".encode()).digest()[: algorithm.size]
    )


def fill(
    app: Flask,
    stamps: Iterable[datetime],
    *,
    member_id: int = 43,
    kind: MediaKind = MediaKind.IMAGE,
) -> list[str]:
    """An entry for each stamp; answers with their ids in that order."""
    algorithms = list(Algorithm) if kind is MediaKind.IMAGE else [Algorithm.MD5]
    numbered = list(enumerate(stamps))
    ids: list[str] = []
    for begin in range(0, len(numbered), A_CHANGE):
        with parts(app).database.writing() as (session, _):
            for number, stamp in numbered[begin : begin + A_CHANGE]:
                entry = add_entry(
                    session,
                    stamp,
                    member_id=member_id,
                    kind=kind,
                    fingerprints=[made_up(a, number) for a in algorithms],
                    classification="A1",
                )
                ids.append(entry.entry_id)
    return ids


def withdraw_all(app: Flask, entry_ids: Iterable[str], stamp: datetime) -> None:
    with parts(app).database.writing() as (session, _):
        for entry in session.scalars(select(Entry).where(Entry.entry_id.in_(list(entry_ids)))):
            withdraw(entry, stamp)


@dataclass(frozen=True)
class Seen:
    """An entry as a page shows it."""

    tag: str
    entry_id: str
    timestamp: str
    element: ET.Element


class Reader:
    """A member reading the list through the protocol."""

    def __init__(self, app: Flask, sign_in: SignIn = OURS) -> None:
        self.client: FlaskClient = app.test_client()
        self.sign_in = sign_in

    def get(self, path: str) -> TestResponse:
        return self.client.get(f"/npo{path}", auth=self.sign_in.basic)

    def pages(self, after: str = EPOCH, until: str | None = None) -> Iterator[ET.Element]:
        path: str | None = f"/v2/entries?from={after}&to={until or soon()}"
        while path:
            response = self.get(path)
            assert response.status_code == 200, response.text
            root = fromstring(response.data)
            yield root
            path = root.findtext(f"{NS}paging/{NS}next")

    def window(self, after: str = EPOCH, until: str | None = None) -> list[Seen]:
        return [seen for page in self.pages(after, until) for seen in entries_of(page)]

    def vote(self, member_id: int, entry_id: str, algorithm: str, body: str) -> TestResponse:
        return self.client.put(
            f"/npo/v2/entries/{member_id}/{entry_id}/{algorithm}/feedback",
            data=f'<feedbackSubmission xmlns="{NS[1:-1]}">{body}</feedbackSubmission>',
            content_type="application/xml; charset=utf-8",
            auth=self.sign_in.basic,
        )

    def reason(self, algorithm: str = "PDQ") -> tuple[str, str]:
        """Guid and name of one of the registry's reasons."""
        root = fromstring(self.get(f"/v2/feedback/{algorithm}/reasons").data)
        reason = root[0][0]
        return reason.attrib["guid"], reason.attrib["name"]


def entries_of(page: ET.Element) -> list[Seen]:
    return [
        Seen(
            tag=element.tag.removeprefix(NS),
            entry_id=element.findtext(f"{NS}id") or "",
            timestamp=element.findtext(f"{NS}timestamp") or "",
            element=element,
        )
        for group in page
        if group.tag in {f"{NS}images", f"{NS}videos"}
        for element in group
    ]


def negative(*guids: str) -> str:
    inside = "".join(f"<guid>{guid}</guid>" for guid in guids)
    return f"<negative><reasonIds>{inside}</reasonIds></negative>"


def error_of(response: TestResponse) -> str:
    """The message of a refusal in XML."""
    assert response.content_type == "application/xml; charset=utf-8"
    root = fromstring(response.data)
    assert root.tag == f"{NS}error"
    message = root.findtext(f"{NS}message") or ""
    assert not re.search(r"[0-9a-f]{32}", message), "a refusal repeats a fingerprint"
    return message
