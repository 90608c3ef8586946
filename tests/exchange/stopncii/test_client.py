"""The client over real HTTP against the service."""

import json
import logging
import traceback
from dataclasses import replace

import pytest

from exchange.errors import ExchangeError, Refused, Unavailable
from exchange.records import Checkpoint, EntryRecord, Outcome, Vote
from exchange.stopncii import StopNciiClient
from exchange.stopncii.assumed import BEGINNING
from exchange.stopncii.parse import entry_id
from exchange.stopncii.place import Place
from matching.fingerprint import Algorithm, Fingerprint
from tests.exchange.conftest import QUICK
from tests.exchange.ncmec.records import START, later, made_up
from tests.exchange.server import Reply, Server
from tests.exchange.stopncii.service import (
    CREDENTIALS,
    FEEDBACK_KEY,
    FETCH_KEY,
    SOURCE,
    SUBSCRIPTION,
    Service,
)

HASHES = [made_up(Algorithm.PDQ, number) for number in range(8)]
SECONDS = int(START.timestamp())


def read_all(
    client: StopNciiClient, service: Service, checkpoint: Checkpoint | None = None
) -> tuple[dict[str, EntryRecord], Checkpoint]:
    held: dict[str, EntryRecord] = {}
    while True:
        page = client.fetch(json.loads(json.dumps(checkpoint)), service.now)
        held |= {one.entry_id: one for one in page.entries}
        checkpoint = page.checkpoint
        if not page.more:
            return held, checkpoint


def fill(service: Service) -> None:
    for one in HASHES:
        service.put("ImagePDQ", one)
        service.wait(seconds=10)


def outcome(fingerprint: Fingerprint | None, vote: Vote | None, *tags: str) -> Outcome:
    return Outcome("stopncii", "an-id", Algorithm.PDQ, vote, tags=tags, fingerprint=fingerprint)


def test_withdrawals_updates_and_peers_arrive(service: Service, client: StopNciiClient) -> None:
    fill(service)
    held, checkpoint = read_all(client, service)
    assert {one.fingerprints for one in held.values()} == {(one,) for one in HASHES}
    service.wait(hours=1)
    service.put("ImagePDQ", HASHES[0], "Withdrawn")
    service.say(HASHES[1], "Peer", "NotBlocked", "parody")
    changed, _ = read_all(client, service, checkpoint)
    assert set(changed) == {entry_id(HASHES[0]), entry_id(HASHES[1])}
    assert changed[entry_id(HASHES[0])].withdrawn
    (vote,) = changed[entry_id(HASHES[1])].votes
    assert (vote.vote, vote.member.name, vote.reasons) == (Vote.NEGATIVE, "Peer", ("parody",))


def test_a_later_page_with_a_smaller_timestamp_moves_nothing_back(
    service: Service, client: StopNciiClient
) -> None:
    fill(service)
    service.put("ImagePDQ", HASHES[0])
    service.wait(hours=1)
    _, checkpoint = read_all(client, service)
    assert checkpoint["since"] == service.records[HASHES[0].hex.upper()].changed + 1
    assert read_all(client, service, checkpoint)[0] == {}
    behind = Place(SECONDS, SECONDS).after(None, SECONDS - 500, START)
    assert behind.since == SECONDS


def test_a_checkpoint_never_passes_the_present() -> None:
    """A slip in nextSetTimestamp would otherwise skip everything until then."""
    assert Place(10, 10).after(None, SECONDS + 10**9, START).since == SECONDS


def test_since_moves_only_past_the_last_page() -> None:
    first = Place(10, 10).after("t", SECONDS, START)
    assert (first.since, first.upto) == (10, SECONDS)
    assert Place.load(json.loads(json.dumps(first.dump()))) == first
    assert first.restarted() == Place(10, 10)


def test_a_forgotten_token_begins_anew_with_the_next_fetch(
    server: Server, service: Service, client: StopNciiClient
) -> None:
    fill(service)
    first = client.fetch(None, service.now)
    service.forget()
    nothing = client.fetch(first.checkpoint, service.now)
    assert (nothing.entries, nothing.more) == ((), False)
    held, _ = read_all(client, service, nothing.checkpoint)
    assert len(held) == len(HASHES)
    assert len(server.requests) == 1 + 1 + 3


def test_a_page_that_names_itself_is_unavailable(server: Server, client: StopNciiClient) -> None:
    looping = {"hasMoreRecords": True, "nextPageToken": "t", "hashRecords": []}
    server.faults.append(Reply(200, json.dumps(looping).encode()))
    with pytest.raises(Unavailable, match="itself"):
        client.fetch(Place(10, 10, "t").dump(), START)


@pytest.mark.parametrize(
    ("vote", "tags", "value"),
    [
        (None, (), "PendingReview"),
        (Vote.AFFIRMATIVE, ("confirmed",), "Blocked"),
        (Vote.AFFIRMATIVE, ("removed",), "Blocked"),
        (Vote.NEGATIVE, ("other person",), "NotBlocked"),
    ],
)
def test_feedback_is_sent_as_documented(
    server: Server,
    service: Service,
    client: StopNciiClient,
    vote: Vote | None,
    tags: tuple[str, ...],
    value: str,
) -> None:
    service.put("ImagePDQ", HASHES[0])
    assert client.report(outcome(HASHES[0], vote, *tags)).status == 200
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/SubmitFeedback")
    assert json.loads(request.body) == {
        "count": 1,
        "hashFeedbacks": [{"hashValue": HASHES[0].hex, "feedbackValue": value, "tags": list(tags)}],
    }
    said = service.records[HASHES[0].hex.upper()].feedback[SOURCE]
    assert (said["feedbackValue"], said["tags"]) == (value, list(tags))


def test_feedback_that_cannot_be_right_is_not_sent(server: Server, service: Service) -> None:
    assert service.page
    keys = CREDENTIALS.rpartition(",")[0]
    with StopNciiClient(server.url, CREDENTIALS, limits=QUICK) as client:
        with pytest.raises(Refused, match="fingerprint"):
            client.report(outcome(None, Vote.AFFIRMATIVE))
        with pytest.raises(Refused, match="404"):
            client.report(outcome(HASHES[0], Vote.AFFIRMATIVE))
    with StopNciiClient(server.url, keys, limits=QUICK) as reader:
        assert reader.whoami().name
        with pytest.raises(Refused, match="feedback key"):
            reader.report(outcome(HASHES[0], Vote.AFFIRMATIVE))
    assert len(server.requests) == 2


@pytest.mark.parametrize("body", [b"<html>sign in</html>", b"[]", b"\xff"])
def test_a_sign_in_page_is_no_acceptance(
    server: Server, client: StopNciiClient, body: bytes
) -> None:
    server.faults.append(Reply(200, body))
    with pytest.raises(Unavailable):
        client.report(outcome(HASHES[0], None))
    server.faults.append(Reply(204))
    assert client.report(outcome(HASHES[0], None)).status == 204


@pytest.mark.parametrize(
    "credentials", ["", "one", "a,b,c,d", "a,", ",b", "a,b\nc", "a,b\x00", "schlüssel,b"]
)
def test_credentials_that_cannot_be_right_are_refused_and_not_shown(credentials: str) -> None:
    with pytest.raises(Refused, match="fetch-key,subscription-key") as caught:
        StopNciiClient("https://api.stopncii.example/v1", credentials)
    assert "schlüssel" not in str(caught.value)


def test_member_ids_have_no_meaning_here() -> None:
    with pytest.raises(Refused, match="members"):
        StopNciiClient("https://api.stopncii.example/v1", CREDENTIALS, member_ids={"1"})


@pytest.mark.parametrize(
    "foreign",
    [{}, {"since": "10", "upto": 10, "token": None}, {"since": 1, "upto": 1, "token": 5}, [], "x"],
)
def test_a_foreign_checkpoint_is_refused(client: StopNciiClient, foreign: Checkpoint) -> None:
    with pytest.raises(Refused, match="checkpoint"):
        client.fetch(foreign, START)


def test_neither_logs_nor_errors_show_a_fingerprint_or_a_key(
    server: Server, service: Service, client: StopNciiClient, caplog: pytest.LogCaptureFixture
) -> None:
    fill(service)
    service.odd = [{"signalType": "ImagePDQ", "hashValue": HASHES[0].hex + "0"}]
    said = [repr(client)]
    vote = outcome(HASHES[0], Vote.AFFIRMATIVE)
    broken = Reply(noise=HASHES[0].hex.encode() + b"\r\n\r\n")
    with caplog.at_level(logging.DEBUG):
        for faults in ([], [Reply(400, HASHES[0].hex.encode())], [broken]):
            for ask in (lambda: read_all(client, service), lambda: client.report(vote)):
                server.faults[:] = list(faults)
                try:
                    said.append(repr(ask()))
                except ExchangeError:
                    said.append(traceback.format_exc())
    said += [caplog.text, repr(vote), repr(replace(vote, vote=None))]
    for secret in (*(one.hex for one in HASHES), FETCH_KEY, SUBSCRIPTION, FEEDBACK_KEY):
        assert secret not in "".join(said)
        assert secret.upper() not in "".join(said)


def test_the_first_fetch_asks_from_the_beginning(
    server: Server, service: Service, client: StopNciiClient
) -> None:
    client.fetch(None, later(0))
    assert service.records == {}
    assert dict(server.requests[0].query) == {
        "startTimestamp": str(BEGINNING),
        "pageSize": "800",
    }
