"""The client over real HTTP: what it asks, what it makes of the answers, what it never shows."""

import gzip
import io
import logging
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from exchange.connection import Limits
from exchange.errors import ExchangeError, Refused, Unavailable
from exchange.ncmec import NcmecClient
from exchange.ncmec.parse import read_listing
from exchange.records import Outcome, Reason, Vote
from matching.fingerprint import Algorithm
from tests.exchange.conftest import QUICK
from tests.exchange.ncmec.documents import document, listing_document
from tests.exchange.ncmec.records import OURS, PEER, THEIRS, entry, later, made_up
from tests.exchange.ncmec.service import CREDENTIALS, PASSWORD, REASON, Service
from tests.exchange.server import Reply, Server

CONFIRM = Outcome("42", "abc", Algorithm.PDQ, Vote.AFFIRMATIVE)
DISPUTE = Outcome("42", "abc", Algorithm.SHA1, Vote.NEGATIVE, (REASON[0], "other"))


def test_who_we_are(service: Service, client: NcmecClient) -> None:
    assert client.whoami() == OURS
    assert client.members() == (OURS, THEIRS, PEER)
    assert service.rows == {}


def test_a_list_is_read_to_its_end(server: Server, service: Service, client: NcmecClient) -> None:
    for name in range(7):
        service.put(entry(f"entry-{name}"))
    service.now = later(60)
    names, checkpoint, more = set(), None, True
    while more:
        page = client.fetch(checkpoint, service.now)
        names |= {one.entry_id for one in page.entries}
        checkpoint, more = page.checkpoint, page.more
    assert names == {f"entry-{name}" for name in range(7)}
    assert len(server.requests) == 3
    assert len({request.connection for request in server.requests}) == 1, "connections are reused"
    nothing = client.fetch(checkpoint, later(60))
    assert (nothing.entries, nothing.more, nothing.checkpoint) == ((), False, checkpoint)
    assert len(server.requests) == 3, "no whole second has passed: nothing to ask for"


def test_members_that_the_source_does_not_take_are_left_out(
    server: Server, service: Service
) -> None:
    service.put(entry("theirs"))
    service.put(entry("peers", member=PEER))
    service.now = later(60)
    bad = f'<image><member id="{PEER.id}"/></image><hologram/>'
    with NcmecClient(server.url, CREDENTIALS, member_ids={THEIRS.id}, limits=QUICK) as client:
        page = client.fetch(None, service.now)
        server.faults.append(Reply(200, listing_document([bad, entry("one")])))
        faulty = client.fetch(None, service.now)
    assert [one.entry_id for one in page.entries] == ["theirs"]
    assert [problem.member_id for problem in faulty.problems] == [None]


def test_reasons_come_with_their_ids(service: Service, client: NcmecClient) -> None:
    assert service.page
    assert client.reasons(Algorithm.SHA1) == (Reason(*REASON, Algorithm.SHA1),)


@pytest.mark.parametrize(
    ("outcome", "path", "inside"),
    [
        (CONFIRM, "42/abc/PDQ", b"<affirmative />"),
        (
            DISPUTE,
            "42/abc/SHA1",
            b"<negative><reasonIds><guid>" + REASON[0].encode() + b"</guid><guid>other</guid>"
            b"</reasonIds></negative>",
        ),
    ],
)
def test_a_vote_is_put_as_documented(
    server: Server,
    service: Service,
    client: NcmecClient,
    outcome: Outcome,
    path: str,
    inside: bytes,
) -> None:
    assert client.report(outcome).status == 200
    (request,) = server.requests
    assert (request.method, request.path) == ("PUT", f"/v2/entries/{path}/feedback")
    assert request.headers["content-type"] == "application/xml; charset=utf-8"
    assert inside in service.votes[path]
    assert b'xmlns="https://hashsharing.ncmec.org/hashsharing/v2"' in service.votes[path]


@pytest.mark.parametrize("entry_id", ["a/b", "a?b=c", "a#b", "a%2Fb", "a b", "é", "a\\b"])
def test_an_entry_id_stays_one_segment_of_the_path(
    server: Server, client: NcmecClient, entry_id: str
) -> None:
    client.report(Outcome("42", entry_id, Algorithm.PDQ, Vote.AFFIRMATIVE))
    (request,) = server.requests
    assert request.query == {}
    assert request.path.count("/") == 6


@pytest.mark.parametrize(
    ("outcome", "what"),
    [
        (Outcome("42", "abc", Algorithm.PDQ, Vote.NEGATIVE), "reason"),
        (Outcome("42", "abc", Algorithm.PDQ, None), "decided"),
        (Outcome("42", "..", Algorithm.PDQ, Vote.AFFIRMATIVE), "id"),
        (Outcome("", "abc", Algorithm.PDQ, Vote.AFFIRMATIVE), "id"),
    ],
)
def test_a_vote_that_cannot_be_right_is_not_sent(
    server: Server, client: NcmecClient, outcome: Outcome, what: str
) -> None:
    with pytest.raises(Refused, match=what):
        client.report(outcome)
    assert server.requests == []


@pytest.mark.parametrize("body", [b"", b" \n", document("submissionResult", "")])
def test_a_vote_is_accepted_by_an_empty_answer_too(
    server: Server, client: NcmecClient, body: bytes
) -> None:
    server.faults.append(Reply(200, body))
    assert client.report(CONFIRM).status == 200


def test_a_sign_in_page_is_no_acceptance_of_a_vote(server: Server, client: NcmecClient) -> None:
    server.faults.append(Reply(200, b"<html>Please sign in</html>"))
    with pytest.raises(Unavailable, match="submissionResult"):
        client.report(CONFIRM)


def test_a_vote_is_not_repeated_in_the_call(server: Server) -> None:
    server.faults += [Reply(503)] * 2
    with (
        NcmecClient(server.url, CREDENTIALS, limits=Limits(pauses=(0.0, 0.0))) as client,
        pytest.raises(Unavailable),
    ):
        client.report(CONFIRM)
    assert len(server.requests) == 1


def test_wrong_credentials_are_refused(server: Server, service: Service) -> None:
    with (
        NcmecClient(server.url, "our-user:wrong", limits=QUICK) as client,
        pytest.raises(Refused, match="credentials") as caught,
    ):
        client.whoami()
    assert caught.value.status == 401
    assert service.rows == {}


@pytest.mark.parametrize("credentials", ["", "user", "user:", ":password"])
def test_credentials_that_cannot_be_right_are_refused_and_not_shown(credentials: str) -> None:
    with pytest.raises(Refused, match="user:password") as caught:
        NcmecClient("https://hashsharing.example/npo", credentials)
    assert "password" not in str(caught.value).replace("user:password", "")


# What nobody may see: our password, in the header's form too, and a fingerprint that comes back in
# any answer whatever.
VALUE = made_up(Algorithm.PDQ, "secret").hex
SECRETS = (VALUE, VALUE.upper(), PASSWORD, "b3VyLXVzZXI6Y29ycmVjdCBob3JzZT")

_LISTING = listing_document([entry("secret")])
LEAKY = [
    Reply(200, _LISTING),
    Reply(200, _LISTING.replace(VALUE.encode(), VALUE.encode() + b"f")),
    Reply(200, _LISTING[:-9]),
    Reply(200, _LISTING, cut=len(_LISTING) - 9),
    Reply(200, noise=f"{VALUE} {VALUE}\r\n\r\n".encode()),
    Reply(200, noise=f"HTTP/1.1 200 {VALUE}\r\n\r\n{VALUE}".encode()),
    Reply(200, noise=f"HTTP/1.1 200 OK\r\n{VALUE}\r\n\r\n".encode()),
    Reply(200, b"<x/>", {"X-Debug": VALUE, "Content-Encoding": "gzip"}),
    Reply(302, headers={"Location": f"http://127.0.0.1:1/{VALUE}"}),
    Reply(400, VALUE.encode(), {"X-Debug": VALUE}),
    Reply(503, VALUE.encode(), {"Retry-After": VALUE}),
]


@contextmanager
def everything_logged(caplog: pytest.LogCaptureFixture) -> Iterator[io.StringIO]:
    """All that the process logs and raises, in one place."""
    said = io.StringIO()
    with caplog.at_level(logging.DEBUG):
        yield said
    said.write(caplog.text)


@pytest.mark.parametrize("reply", LEAKY, ids=range(len(LEAKY)))
def test_neither_logs_nor_errors_show_a_fingerprint_or_the_password(
    server: Server, client: NcmecClient, caplog: pytest.LogCaptureFixture, reply: Reply
) -> None:
    with everything_logged(caplog) as said:
        for ask in (lambda: client.fetch(None, later(60)), lambda: client.report(CONFIRM)):
            server.faults.append(reply)
            try:
                said.write(repr(ask()))
            except ExchangeError:
                said.write(traceback.format_exc())
        said.write(repr(client) + repr(vars(client)))
    for secret in SECRETS:
        assert secret not in said.getvalue()


def test_the_libraries_own_logs_would_show_it(
    server: Server, client: NcmecClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The twin: what exchange.connection switches off is what gives the fingerprint away."""
    with everything_logged(caplog) as said, caplog.at_level(logging.DEBUG, "httpcore"):
        server.faults.append(LEAKY[4])
        with pytest.raises(Unavailable):
            client.fetch(None, later(60))
    assert VALUE in said.getvalue()


ASK = """
import sys
from datetime import UTC, datetime
from exchange.ncmec import NcmecClient
with NcmecClient(sys.argv[1], sys.argv[2]) as client:
    page = client.fetch(None, datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC))
    page = client.fetch(page.checkpoint, datetime(2026, 3, 1, 12, 10, 5, tzinfo=UTC))
print(page.entries[0].timestamp.isoformat())
"""

ASK_AS_USUAL = """
import sys
from threatexchange.exchanges.clients.ncmec.hash_api import _date_format
print(_date_format(1772366400))
"""


def run(program: str, zone: str, *arguments: str) -> str:
    """The output of a Python program under a time zone."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "TZ": zone},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.strip()


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles", "UTC"])
def test_times_are_utc_east_and_west_of_greenwich(
    server: Server, service: Service, zone: str
) -> None:
    service.put(entry())
    service.now = later(3600)
    server.answer = lambda request: Reply(200, listing_document([entry()]))
    assert run(ASK, zone, server.url, CREDENTIALS) == "2026-03-01T12:00:00+00:00"
    assert [(request.query["from"], request.query["to"]) for request in server.requests] == [
        ("1970-01-01T00:00:00Z", "2026-03-01T12:00:00Z"),
        ("2026-03-01T12:00:00Z", "2026-03-01T12:10:00Z"),
    ]


def test_a_local_time_with_a_z_is_what_that_would_catch() -> None:
    """The twin: the usual client, under the same zones, writes other times."""
    assert run(ASK_AS_USUAL, "UTC") == "2026-03-01T12:00:00Z"
    assert run(ASK_AS_USUAL, "Asia/Tokyo") == "2026-03-01T21:00:00Z"


def test_a_packed_listing_is_read(server: Server, client: NcmecClient) -> None:
    packed = gzip.compress(_LISTING)
    server.faults.append(Reply(200, packed, {"Content-Encoding": "gzip"}))
    assert client.fetch(None, later(60)).entries == read_listing(_LISTING).entries
