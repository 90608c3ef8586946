"""The client over real HTTP against the service."""

import json
import logging
import traceback
from collections.abc import Callable
from datetime import timedelta

import pytest

from exchange.errors import ExchangeError, Refused, Unavailable
from exchange.records import Checkpoint, EntryRecord, Outcome, Page, Vote
from exchange.threatexchange import ThreatExchangeClient
from exchange.threatexchange.assumed import BUSY, DELETIONS_KEPT
from matching.fingerprint import Algorithm
from tests.exchange.ncmec.records import START, made_up
from tests.exchange.server import Reply, Server
from tests.exchange.threatexchange.service import APP, GROUP, PEER, THIRD, TOKEN, Indicator, Service

HASHES = [made_up(Algorithm.PDQ, number) for number in range(8)]
SECRET = TOKEN.partition("|")[2]


def pages(
    client: ThreatExchangeClient, service: Service, checkpoint: Checkpoint | None = None
) -> list[Page]:
    """Read to the end, the checkpoint through JSON each time, as the store does."""
    read: list[Page] = []
    while not read or read[-1].more:
        read.append(client.fetch(json.loads(json.dumps(checkpoint)), service.now))
        checkpoint = read[-1].checkpoint
    return read


def held(read: list[Page]) -> dict[str, EntryRecord]:
    return {one.entry_id: one for page in read for one in page.entries}


def fill(service: Service) -> list[Indicator]:
    made = []
    for one in HASHES:
        made.append(service.put(one, tags=("tag_b", "tag_a")))
        service.wait(seconds=10)
    return made


def outcome(indicator: Indicator, vote: Vote | None) -> Outcome:
    return Outcome(GROUP, indicator.id, Algorithm.PDQ, vote)


def reactions(indicator: Indicator) -> set[str]:
    """What we said of all of its descriptors together."""
    said = [one.reactions.items() for one in indicator.descriptors.values()]
    return {word for one in said for word, apps in one if APP in apps}


def graph_error(code: int, status: int = 400, **headers: str) -> Reply:
    error = {"error": {"message": f"about {HASHES[0].hex}", "code": code}}
    return Reply(status, json.dumps(error).encode(), headers)


# --- reading


def test_who_we_are_names_the_group(service: Service, client: ThreatExchangeClient) -> None:
    us = client.whoami()
    assert (us.id, us.name) == (APP, "an application in the privacy group Media Coalition")
    service.enabled = False
    with pytest.raises(Refused, match="threat_updates is not enabled"):
        client.whoami()


def test_what_changed_comes_again_whole(service: Service, client: ThreatExchangeClient) -> None:
    put = fill(service)
    first = pages(client, service)
    assert held(first)[put[3].id].fingerprints == (HASHES[3],)
    assert held(first)[put[3].id].classification == "tag_a, tag_b"
    service.wait(hours=1)
    service.delete(put[0])
    service.react(next(iter(put[1].descriptors)), THIRD, ["NOT_HELPFUL"], [])
    service.put(HASHES[2], status="NON_MALICIOUS")
    changed = held(pages(client, service, first[-1].checkpoint))
    changed.pop(put[-1].id)  # the newest comes again
    assert set(changed) == {put[0].id, put[1].id, put[2].id}
    assert changed[put[0].id].withdrawn
    assert changed[put[2].id].withdrawn, "nobody says any more that it is what it is"
    (vote,) = changed[put[1].id].votes
    assert (vote.member.id, vote.vote, vote.reasons) == (THIRD, Vote.NEGATIVE, ("NOT_HELPFUL",))


def test_only_types_that_are_matched_are_asked_for(
    server: Server, service: Service, client: ThreatExchangeClient
) -> None:
    service.put(made_up(Algorithm.MD5, "text"), type_="HASH_TEXT_TLSH")
    assert held(pages(client, service)) == {}
    types = server.requests[0].query["types"]
    assert set(types.split(",")) == {"HASH_PDQ", "HASH_MD5", "HASH_SHA1", "HASH_VIDEO_MD5"}


def test_thousands_may_carry_one_second(service: Service, client: ThreatExchangeClient) -> None:
    for one in HASHES:
        service.put(one)
    assert len(held(pages(client, service))) == len(HASHES)


def test_a_forgotten_cursor_goes_on_from_the_newest_update(
    server: Server, service: Service, client: ThreatExchangeClient
) -> None:
    put = fill(service)
    first = client.fetch(None, service.now)
    service.cursors.clear()
    nothing = client.fetch(first.checkpoint, service.now)
    assert (nothing.entries, nothing.more) == ((), False)
    rest = held(pages(client, service, nothing.checkpoint))
    assert set(rest) | set(held([first])) == {one.id for one in put}
    assert "after" not in server.requests[2].query
    assert int(server.requests[2].query["start_time"]) == put[2].updated


def test_an_update_from_the_future_skips_nothing(
    service: Service, client: ThreatExchangeClient
) -> None:
    service.put(HASHES[0]).updated += 10**6
    read = pages(client, service)
    assert read[-1].checkpoint["since"] == int(service.now.timestamp())


def test_a_page_that_names_itself_is_unavailable(
    server: Server, service: Service, client: ThreatExchangeClient
) -> None:
    fill(service)
    place = client.fetch(None, service.now).checkpoint
    paging = {"next": "https://x.example", "cursors": {"after": place["after"]}}
    server.faults.append(Reply(200, json.dumps({"data": [], "paging": paging}).encode()))
    with pytest.raises(Unavailable, match="itself"):
        client.fetch(place, service.now)


def test_after_too_long_a_silence_the_list_is_read_whole_and_says_what_is_gone(
    service: Service, client: ThreatExchangeClient
) -> None:
    """A deletion is told for a while only: this one is never told to us."""
    put = fill(service)
    last = pages(client, service)[-1].checkpoint
    del service.indicators[put[0].id]
    service.now += DELETIONS_KEPT + timedelta(days=1)
    began = service.now.replace(microsecond=0)
    first = client.fetch(last, service.now)
    assert (first.gone_before, first.more) == (None, True)
    service.wait(minutes=1)
    rest = pages(client, service, first.checkpoint)
    assert [page.gone_before for page in rest] == [None] * (len(rest) - 1) + [began]
    read = held([first, *rest])
    assert set(read) == {one.id for one in put[1:]}
    assert all(one.timestamp == began for one in read.values()), "so none of them is older"
    service.wait(days=1)
    assert pages(client, service, rest[-1].checkpoint)[-1].gone_before is None


@pytest.mark.parametrize(
    "foreign",
    [
        {},
        {"since": 1, "upto": 1, "token": None},
        {"since": 1, "upto": 1, "asked": 1, "after": 5, "whole": None},
        {"since": 1, "upto": "1", "asked": 1, "after": None, "whole": None},
        [],
        "x",
    ],
)
def test_a_foreign_checkpoint_is_refused(client: ThreatExchangeClient, foreign: Checkpoint) -> None:
    with pytest.raises(Refused, match="checkpoint"):
        client.fetch(foreign, START)


# --- telling


@pytest.mark.parametrize(
    ("vote", "reaction"),
    [(None, "SAW_THIS_TOO"), (Vote.AFFIRMATIVE, "HELPFUL"), (Vote.NEGATIVE, "NOT_HELPFUL")],
)
def test_each_descriptor_of_others_is_reacted_to(
    service: Service, client: ThreatExchangeClient, vote: Vote | None, reaction: str
) -> None:
    service.put(HASHES[0], THIRD)
    ours = service.put(HASHES[0], APP)
    made = service.put(HASHES[0], PEER)
    assert client.report(outcome(made, vote)).status == 200
    said = {one.owner: one.reactions for one in ours.descriptors.values()}
    assert said == {THIRD: {reaction: [APP]}, PEER: {reaction: [APP]}, APP: {}}


def test_a_reversed_outcome_takes_the_earlier_back(
    server: Server, service: Service, client: ThreatExchangeClient
) -> None:
    made = service.put(HASHES[0])
    for vote, said in [
        (None, {"SAW_THIS_TOO"}),
        (Vote.AFFIRMATIVE, {"SAW_THIS_TOO", "HELPFUL"}),
        (Vote.NEGATIVE, {"SAW_THIS_TOO", "NOT_HELPFUL"}),
        (Vote.NEGATIVE, {"SAW_THIS_TOO", "NOT_HELPFUL"}),
        (Vote.AFFIRMATIVE, {"SAW_THIS_TOO", "HELPFUL"}),
    ]:
        client.report(outcome(made, vote))
        assert reactions(made) == said
    bodies = [one.body.decode() for one in server.requests if one.method == "POST"]
    assert bodies == [
        "reactions=SAW_THIS_TOO",
        "reactions=HELPFUL",
        "reactions=NOT_HELPFUL&reactions_to_remove=HELPFUL",
        "reactions=NOT_HELPFUL",
        "reactions=HELPFUL&reactions_to_remove=NOT_HELPFUL",
    ]


def test_half_told_is_told_again(
    server: Server, service: Service, client: ThreatExchangeClient
) -> None:
    service.put(HASHES[0], THIRD)
    made = service.put(HASHES[0], PEER)
    react = service.answer

    def break_at_second(request: object) -> Reply:
        posts = [one for one in server.requests if one.method == "POST"]
        return Reply(503) if len(posts) == 2 else react(server.requests[-1])

    server.answer = break_at_second
    with pytest.raises(Unavailable):
        client.report(outcome(made, Vote.AFFIRMATIVE))
    server.answer = react
    client.report(outcome(made, Vote.AFFIRMATIVE))
    assert [one.reactions for one in made.descriptors.values()] == [{"HELPFUL": [APP]}] * 2


def test_what_cannot_be_told_is_refused(service: Service, client: ThreatExchangeClient) -> None:
    ours, gone = service.put(HASHES[0], APP), service.put(HASHES[1])
    service.delete(gone)
    for entry_id, why in [
        ("../me", "id"),
        ("", "id"),
        (ours.id, "no descriptor"),
        (gone.id, "400"),
    ]:
        with pytest.raises(Refused, match=why):
            client.report(Outcome(GROUP, entry_id, Algorithm.PDQ, None))


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(200, b'{"success": false}'), Refused),
        (Reply(200, b"{}"), Refused),
        (Reply(200, b"<html>sign in</html>"), Unavailable),
        (Reply(200, b'{"success": true}', cut=5), Unavailable),
        (Reply(204), Unavailable),
    ],
)
def test_only_a_success_is_an_acceptance(
    server: Server,
    service: Service,
    client: ThreatExchangeClient,
    reply: Reply,
    kind: type[Exception],
) -> None:
    made = service.put(HASHES[0])
    answers: list[Callable[[], Reply]] = [
        lambda: service.answer(server.requests[-1]),
        lambda: reply,
    ]
    server.answer = lambda _: answers.pop(0)()
    with pytest.raises(kind):
        client.report(outcome(made, Vote.AFFIRMATIVE))


# --- errors of the Graph API


@pytest.mark.parametrize("code", sorted(BUSY))
def test_a_limit_is_no_refusal_whatever_its_status(
    server: Server, client: ThreatExchangeClient, code: int
) -> None:
    server.faults += [graph_error(code, 403, **{"Retry-After": "60"}), graph_error(code)]
    with pytest.raises(Unavailable, match=f"403.*limit.*code {code}") as caught:
        client.fetch(None, START)
    assert (caught.value.retry_after, caught.value.status) == (60, 403)
    with pytest.raises(Unavailable) as caught:
        client.fetch(None, START)
    assert caught.value.retry_after is None


@pytest.mark.parametrize(
    ("reply", "kind", "why"),
    [
        (graph_error(190), Refused, "does not accept the access token"),
        (graph_error(102, 401), Refused, "does not accept the access token"),
        (graph_error(100), Refused, "does not understand"),
        (graph_error(10, 403), Refused, "not allowed"),
        (Reply(403, b"[" * 100_000), Refused, "not allowed"),
        (Reply(400, b'{"error": "text"}'), Refused, "does not understand"),
        (Reply(400, b'{"error": {"code": "4"}}', cut=9), Refused, "does not understand"),
        (Reply(500), Unavailable, "500"),
        (Reply(200, b"half", cut=2), Unavailable, "broke"),
        (Reply(200, b'{"paging": {}}'), Unavailable, "no data"),
        (Reply(stall=1), Unavailable, "silent"),
        (Reply(302, headers={"Location": "https://elsewhere.example"}), Refused, "redirects"),
    ],
)
def test_other_failures_say_what_they_are(
    server: Server, client: ThreatExchangeClient, reply: Reply, kind: type[Exception], why: str
) -> None:
    server.faults.append(reply)
    with pytest.raises(kind, match=why):
        client.fetch(None, START)


# --- addresses, credentials, secrets


@pytest.mark.parametrize(
    "address",
    ["https://graph.facebook.com/v26.0", "https://graph.facebook.com", "", "/", "https://x/v1/12a"],
)
def test_an_address_without_its_group_is_refused(address: str) -> None:
    with pytest.raises(Refused, match="privacy group's id"):
        ThreatExchangeClient(address, TOKEN)


def test_an_address_is_https() -> None:
    with pytest.raises(Refused, match="https"):
        ThreatExchangeClient("http://graph.facebook.com/v26.0/123", TOKEN)


@pytest.mark.parametrize(
    "credentials", ["", "no-app-id", f"x|{SECRET}", f"{APP}|", f"{APP}|{SECRET}\x00é", f"{APP}|a b"]
)
def test_credentials_that_cannot_be_right_are_refused_and_not_shown(credentials: str) -> None:
    with pytest.raises(Refused, match="app-id") as caught:
        ThreatExchangeClient("https://graph.facebook.com/v26.0/1", credentials)
    assert SECRET not in str(caught.value)


def test_member_ids_have_no_meaning_here() -> None:
    with pytest.raises(Refused, match="member"):
        ThreatExchangeClient("https://graph.facebook.com/v26.0/1", TOKEN, member_ids={"1"})


def test_neither_addresses_nor_logs_nor_errors_show_token_or_fingerprint(
    server: Server, service: Service, client: ThreatExchangeClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The service's own `next` carries the token: it is neither followed nor kept."""
    made = fill(service)[0]
    service.odd = [{"id": "5", "type": "HASH_PDQ", "indicator": HASHES[0].hex + "0"}]
    said = [repr(client)]
    vote = outcome(made, Vote.AFFIRMATIVE)
    noise = Reply(noise=f"{HASHES[0].hex} {TOKEN}\r\n\r\n".encode())
    moved = Reply(302, headers={"Location": f"https://x.example?access_token={TOKEN}"})
    with caplog.at_level(logging.DEBUG):
        for faults in ([], [graph_error(190)], [graph_error(4)], [noise], [moved]):
            for ask in (
                client.whoami,
                lambda: pages(client, service),
                lambda: client.report(vote),
            ):
                server.faults[:] = list(faults)
                try:
                    answer = ask()
                    kept = [page.checkpoint for page in answer] if isinstance(answer, list) else ""
                    said.append(repr((answer, kept)))
                except ExchangeError:
                    said.append(traceback.format_exc())
    asked = [json.dumps([one.path, dict(one.query), one.body.decode()]) for one in server.requests]
    assert {one.headers["authorization"] for one in server.requests} == {f"Bearer {TOKEN}"}
    for secret in (SECRET, *(one.hex for one in HASHES)):
        assert secret not in "".join([*said, caplog.text, *asked])
