"""Actions as the platform receives them, over real HTTP."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from exchange.errors import ExchangeError, Refused, Unavailable
from exchange.platform import HEADER, Action, PlatformAction, PlatformClient, verify
from tests.exchange.conftest import QUICK
from tests.exchange.server import Reply, Server

SECRET = "a secret shared with the platform"
TOKYO = timezone(timedelta(hours=9))


def action(kind: Action = Action.REMOVE) -> PlatformAction:
    return PlatformAction(
        action=kind,
        content_id="post/7 é",
        hit="H-12",
        decision="D-34",
        key="D-34:platform",
        occurred_at=datetime(2026, 3, 1, 21, 0, 0, 500_000, tzinfo=TOKYO),
    )


@pytest.fixture
def client(server: Server) -> Iterator[PlatformClient]:
    with PlatformClient(f"{server.url}/hook", SECRET, allow_private=True, limits=QUICK) as made:
        yield made


@pytest.mark.parametrize("kind", list(Action))
def test_an_action_arrives_signed_and_as_documented(
    server: Server, client: PlatformClient, kind: Action
) -> None:
    assert client.send(action(kind)).status == 200
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/hook")
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.body) == {
        "version": 1,
        "action": kind.value,
        "content_id": "post/7 é",
        "hit": "H-12",
        "decision": "D-34",
        "idempotency_key": "D-34:platform",
        "occurred_at": "2026-03-01T12:00:00Z",
    }
    verify(SECRET, request.headers[HEADER.lower()], request.body, datetime.now(UTC))


def test_the_same_action_is_the_same_bytes_each_time(
    server: Server, client: PlatformClient
) -> None:
    client.send(action())
    client.send(action())
    first, second = server.requests
    assert first.body == second.body
    assert first.connection == second.connection


@pytest.mark.parametrize(
    ("body", "note"),
    [
        (b'{"result": "done"}', "done"),
        (b'{"result": "already gone", "more": [1]}', "already gone"),
        (b'{"result": "unknown content"}', "unknown content"),
        (b'{"result": "<script>"}', ""),
        (b'{"result": ["done"]}', ""),
        (b"[" * 50_000, ""),
        (b'["done"]', ""),
        (b"ok", ""),
        (b"\xff", ""),
        (b"", ""),
    ],
)
def test_any_2xx_accepts_and_may_say_what_became_of_it(
    server: Server, client: PlatformClient, body: bytes, note: str
) -> None:
    server.faults.append(Reply(202, body))
    receipt = client.send(action())
    assert (receipt.status, receipt.note) == (202, note)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(302, headers={"Location": "http://127.0.0.1:1/"}), Refused),
        (Reply(401), Refused),
        (Reply(410), Refused),
        (Reply(429, headers={"Retry-After": "9"}), Unavailable),
        (Reply(503), Unavailable),
        (Reply(stall=60), Unavailable),
        (Reply(200, b"half", cut=2), Unavailable),
        (Reply(200, b"x" * 300_000), Unavailable),
        (Reply(noise=b"x"), Unavailable),
    ],
)
def test_a_failure_says_whether_to_try_again_and_is_not_tried_here(
    server: Server, client: PlatformClient, reply: Reply, kind: type[ExchangeError]
) -> None:
    server.faults.append(reply)
    with pytest.raises(kind, match=r"^platform: remove: ") as caught:
        client.send(action())
    assert len(server.requests) == 1
    if isinstance(caught.value, Unavailable):
        assert caught.value.retry_after == (9 if reply.status == 429 else None)


def test_a_private_address_is_refused_unless_allowed(server: Server) -> None:
    with (
        PlatformClient(server.url, SECRET, limits=QUICK) as client,
        pytest.raises(Refused, match="private network"),
    ):
        client.send(action())
    assert server.requests == []


def test_http_needs_leave() -> None:
    with pytest.raises(Refused, match="https"):
        PlatformClient("http://platform.example/hook", SECRET)
    PlatformClient("http://platform:8080/hook", SECRET, allow_private=True).close()


def test_neither_secret_nor_path_show(
    server: Server, client: PlatformClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        client.send(action())
    shown = caplog.text + repr(client)
    assert "platform: remove: 200" in shown
    for hidden in (SECRET, "/hook", server.requests[0].headers[HEADER.lower()]):
        assert hidden not in shown


def test_an_empty_secret_is_refused() -> None:
    with pytest.raises(Refused, match="secret"):
        PlatformClient("https://platform.example/hook", "")


def test_a_naive_time_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        PlatformAction(
            Action.HOLD, "1", "H", "D", "k", datetime(2026, 3, 1, tzinfo=UTC).replace(tzinfo=None)
        )
