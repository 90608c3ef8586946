"""One connection to one party: its limits, and how each way of failing is called."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange.connection import Answer, Connection, Limits
from exchange.errors import ExchangeError, Refused, Unavailable
from tests.exchange.conftest import QUICK
from tests.exchange.server import Reply, Request, Server


@pytest.fixture
def connection(server: Server) -> Iterator[Connection]:
    with Connection(f"{server.url}/base/", "NCMEC", limits=QUICK) as made:
        yield made


def patient(server: Server, *pauses: float) -> Connection:
    return Connection(server.url, "NCMEC", limits=Limits(silence=0.3, pauses=pauses))


def test_a_request_says_who_asks_and_nothing_of_the_environment(
    server: Server, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    server.answer = lambda _: Reply(200, b"hello")
    with Connection(server.url, "NCMEC") as unproxied:
        assert unproxied.get("/v2/x", "x").body == b"hello"
    assert connection.get("/v2/x", "x", params={"a": "1 2"}).body == b"hello"
    request = server.requests[-1]
    assert (request.path, dict(request.query)) == ("/base/v2/x", {"a": "1 2"})
    assert request.headers["user-agent"] == "takedown-console"
    assert "authorization" not in request.headers


@pytest.mark.parametrize(
    ("status", "kind", "what"),
    [
        (301, Refused, "redirects are not followed"),
        (302, Refused, "redirects are not followed"),
        (307, Refused, "redirects are not followed"),
        (400, Refused, "does not understand"),
        (401, Refused, "credentials"),
        (403, Refused, "not allowed"),
        (404, Refused, "does not know"),
        (409, Refused, "refuses"),
        (408, Unavailable, "another try"),
        (425, Unavailable, "another try"),
        (429, Unavailable, "another try"),
        (500, Unavailable, "another try"),
        (503, Unavailable, "another try"),
        (599, Unavailable, "another try"),
    ],
)
@pytest.mark.parametrize(
    "ask",
    [
        lambda connection: connection.get("/v2/entries", "entries"),
        lambda connection: connection.send("PUT", "/v2/entries", "entries", b"x", {}),
    ],
    ids=["GET", "PUT"],
)
def test_each_status_says_whether_to_try_again(
    server: Server,
    connection: Connection,
    status: int,
    kind: type[ExchangeError],
    what: str,
    ask: Callable[[Connection], Answer],
) -> None:
    server.faults.append(Reply(status, b"why", {"Location": "/elsewhere", "Retry-After": "7"}))
    with pytest.raises(kind, match=f"^NCMEC: entries: .*{status}.*{what}") as caught:
        ask(connection)
    assert caught.value.status == status
    assert len(server.requests) == 1, "redirects are not followed"
    if isinstance(caught.value, Unavailable):
        assert caught.value.retry_after == 7


@pytest.mark.parametrize(
    ("reply", "what"),
    [
        (Reply(stall=60), "silent"),
        (Reply(200, b"x" * 1000, cut=500), "broke"),
        (Reply(200, b"", cut=0, headers={"Transfer-Encoding": "chunked"}), "broke"),
        (Reply(noise=b""), "broke"),
        (Reply(noise=b"hello\r\n\r\n"), "broke"),
        (Reply(200, b"x" * 300_000), "larger than 200000"),
        (Reply(200, gzip.compress(bytes(10**8)), {"Content-Encoding": "gzip"}), "larger"),
        (Reply(200, b"not packed", {"Content-Encoding": "gzip"}), "packing"),
    ],
)
def test_a_broken_answer_is_unavailable(
    server: Server, connection: Connection, reply: Reply, what: str
) -> None:
    server.faults.append(reply)
    with pytest.raises(Unavailable, match=what):
        connection.get("/v2/x", "x")
    server.answer = lambda _: Reply(200, b"well again")
    assert connection.get("/v2/x", "x").body == b"well again"


def test_an_answer_that_drips_is_cut_off() -> None:
    """Each byte comes in time, the whole never would."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        limits = Limits(silence=1.0, total=0.2, pauses=())
        with Connection(
            f"http://127.0.0.1:{listening.getsockname()[1]}", "NCMEC", limits=limits
        ) as it:
            serving = threading.Thread(target=_drip, args=[listening], daemon=True)
            serving.start()
            with pytest.raises(Unavailable, match=r"longer than 0\.2 s"):
                it.get("/x", "x")
        serving.join()


def _drip(listening: socket.socket) -> None:
    peer, _ = listening.accept()
    with peer:
        peer.recv(10_000)
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        try:
            for _ in range(1000):
                peer.sendall(b"x")
                time.sleep(0.02)
        except OSError:
            return


def test_nobody_there_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (
        Connection(f"http://127.0.0.1:{port}", "NCMEC", limits=QUICK) as connection,
        pytest.raises(Unavailable, match="no connection") as caught,
    ):
        connection.get("/x", "x")
    assert caught.value.status is None


@pytest.mark.parametrize(
    "fault", [Reply(500), Reply(503), Reply(noise=b""), Reply(200, b"half", cut=2)]
)
def test_a_get_is_tried_again_a_few_times(server: Server, fault: Reply) -> None:
    server.answer = lambda _: Reply(200, b"there")
    server.faults += [fault, fault]
    with patient(server, 0.0, 0.0) as connection:
        assert connection.get("/x", "x").body == b"there"
    assert len(server.requests) == 3
    server.faults += [fault, fault, fault]
    with patient(server, 0.0, 0.0) as connection, pytest.raises(Unavailable):
        connection.get("/x", "x")
    assert len(server.requests) == 6


@pytest.mark.parametrize(
    "fault",
    [
        Reply(429),
        Reply(503, headers={"Retry-After": "1"}),
        Reply(404),
        Reply(stall=60),
        Reply(200, b"x" * 17 * 2**20),
    ],
)
def test_what_will_not_pass_in_a_moment_is_not_tried_again(server: Server, fault: Reply) -> None:
    server.faults += [fault]
    with patient(server, 0.0, 0.0) as connection, pytest.raises(ExchangeError):
        connection.get("/x", "x")
    assert len(server.requests) == 1


def test_anything_but_a_get_is_tried_once(server: Server) -> None:
    server.faults += [Reply(500)]
    with patient(server, 0.0, 0.0) as connection, pytest.raises(Unavailable):
        connection.send("PUT", "/x", "x", b"", {})
    assert len(server.requests) == 1


@pytest.fixture(scope="module")
def noisy() -> Iterator[tuple[Server, Connection]]:
    with Server() as server, Connection(server.url, "NCMEC", limits=QUICK) as connection:
        yield server, connection


_HEADS = [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 204 No\r\n\r\n", b"HTTP/1.0 302 x\r\n"]


@given(
    st.sampled_from(_HEADS),
    st.binary(max_size=200),
    st.sampled_from(
        [b"", b"\r\n\r\n", b"\r\nContent-Length: 1\r\n\r\n", b"\r\nDate: \xff\r\n\r\n"]
    ),
)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_a_server_sends_is_an_answer_or_a_documented_error(
    noisy: tuple[Server, Connection], head: bytes, middle: bytes, end: bytes
) -> None:
    server, connection = noisy
    server.reset()
    server.faults.append(Reply(noise=head + middle + end))
    with suppress(ExchangeError):
        connection.get("/x", "x")


def test_an_answer_hides_its_body() -> None:
    assert "secret" not in repr(Answer(200, b"secret", None))


def test_credentials_that_cannot_stand_in_a_header_are_refused_and_not_shown(
    server: Server, connection: Connection
) -> None:
    with pytest.raises(Refused, match="credentials") as caught:
        connection.send("POST", "", "x", b"", {"x-functions-key": "secret\nkey"})
    assert "secret" not in repr(caught.value)
    assert server.requests == []


def test_an_address_with_a_path_is_used_as_it_is(server: Server) -> None:
    with Connection(f"{server.url}/hook/", "platform", limits=QUICK) as connection:
        connection.send("POST", "", "x", b"", {})
    assert [request.path for request in server.requests] == ["/hook/"]


def test_nothing_is_decided_by_cookies(server: Server, connection: Connection) -> None:
    def remember(_: Request) -> Reply:
        return Reply(200, headers={"Set-Cookie": "session=x; Path=/"})

    server.answer = remember
    connection.get("/x", "x")
    connection.get("/x", "x")
    assert "cookie" not in server.requests[-1].headers
