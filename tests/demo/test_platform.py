"""The demo's receiver: takes what is signed, once, and remembers it."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from demo.platform import Received, handler
from exchange.platform import HEADER, sign

SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[str]:
    """Its address."""
    received = Received(tmp_path / "platform.jsonl")
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(SECRET, received))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def _body(key: str = "k1") -> bytes:
    return json.dumps({"action": "remove", "content_id": "a", "idempotency_key": key}).encode()


def _post(
    address: str, body: bytes, secret: str = SECRET, late: timedelta = timedelta()
) -> httpx.Response:
    return httpx.post(address, content=body, headers={HEADER: _signed(body, secret, late)})


def _signed(body: bytes, secret: str = SECRET, late: timedelta = timedelta()) -> str:
    return sign(secret, int((datetime.now(UTC) - late).timestamp()), body)


def _arrived(address: str) -> list[str]:
    return [json.loads(line)["idempotency_key"] for line in httpx.get(address).text.splitlines()]


def test_what_is_signed_is_taken_once(receiver: str) -> None:
    for key in ("k1", "k2", "k1"):
        assert _post(receiver, _body(key)).status_code == 200
    assert _arrived(receiver) == ["k1", "k2"]


def test_what_is_not_signed_by_us_and_now_is_refused(receiver: str) -> None:
    assert httpx.post(receiver, content=_body()).status_code == 401
    assert _post(receiver, _body(), secret="f" * 32).status_code == 401
    assert _post(receiver, _body(), late=timedelta(days=1)).status_code == 401
    changed = httpx.post(receiver, content=_body("k2"), headers={HEADER: _signed(_body())})
    assert changed.status_code == 401
    assert _arrived(receiver) == []


def test_a_restart_remembers(tmp_path: Path) -> None:
    file = tmp_path / "platform.jsonl"
    Received(file).take(_body())
    again = Received(file)
    again.take(_body())
    assert again.lines().count(b"\n") == 1
    assert file.stat().st_mode & 0o777 == 0o600
