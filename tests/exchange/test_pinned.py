"""The way out that goes to the very address it checked."""

import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import httpx
import pytest

from exchange.connection import Connection
from exchange.errors import Refused, Unavailable
from exchange.pinned import PinnedTransport, resolve
from tests.exchange.conftest import QUICK
from tests.exchange.server import Reply, Server

TLS = Path(__file__).parent / "tls"
"""A certificate for platform.example, signed by an authority made for these tests alone."""

Lookup = Callable[[str, int], Sequence[str]]


def rebinding(*answers: Sequence[str]) -> Lookup:
    """A name server that answers differently every time it is asked."""
    remaining = list(answers)
    return lambda _host, _port: remaining.pop(0)


def through(
    lookup: Lookup, *, public_only: bool, tls: ssl.SSLContext | None = None
) -> PinnedTransport:
    inner = httpx.HTTPTransport(verify=tls or True, trust_env=False)
    return PinnedTransport(inner, public_only=public_only, lookup=lookup)


def test_the_name_is_looked_up_once_and_stays_in_the_host_header(server: Server) -> None:
    lookup = rebinding(["127.0.0.1"])
    with Connection(
        f"http://platform.example:{server.port}/hook",
        "platform",
        plain=True,
        transport=through(lookup, public_only=False),
        limits=QUICK,
    ) as connection:
        connection.send("POST", "", "x", b"", {})
    (request,) = server.requests
    assert request.headers["host"] == f"platform.example:{server.port}"


class Inner(httpx.BaseTransport):
    """Where the connection would go."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        raise httpx.ConnectError("nobody there")


def test_a_name_that_turns_private_after_the_check_is_not_followed() -> None:
    inner = Inner()
    lookup = rebinding(["8.8.8.8", "2606:4700::1111"], ["127.0.0.1"])
    transport = PinnedTransport(inner, public_only=True, lookup=lookup)
    with (
        Connection("https://platform.example/hook", "platform", transport=transport) as connection,
        pytest.raises(Unavailable, match="no connection"),
    ):
        connection.send("POST", "", "x", b"", {})
    assert [request.url.host for request in inner.asked] == ["8.8.8.8", "2606:4700::1111"]
    assert {request.extensions["sni_hostname"] for request in inner.asked} == {"platform.example"}


def test_a_check_before_an_ordinary_connection_is_what_rebinding_beats(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: look up, check, then connect by name. The second look-up leads home."""
    answers = rebinding(["8.8.8.8"], ["127.0.0.1"])
    real = socket.getaddrinfo

    def lookup(host: str, port: int, *rest: int, **named: int) -> object:
        return real(answers(host, port)[0], port, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    assert resolve("platform.example", 80) == ["8.8.8.8"]
    with Connection(
        f"http://platform.example:{server.port}", "platform", plain=True, limits=QUICK
    ) as connection:
        connection.send("POST", "", "x", b"", {})
    assert len(server.requests) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "127.1", "0x7f000001"])
def test_this_machine_is_refused_by_whatever_name(server: Server, host: str) -> None:
    transport = through(resolve, public_only=True)
    with (
        Connection(
            f"http://{host}:{server.port}",
            "platform",
            plain=True,
            transport=transport,
            limits=QUICK,
        ) as connection,
        pytest.raises(Refused, match="private network"),
    ):
        connection.send("POST", "", "x", b"", {})
    assert server.requests == []


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    inner = Inner()
    lookup = rebinding(["8.8.8.8", "10.0.0.1"])
    with (
        httpx.Client(transport=PinnedTransport(inner, public_only=True, lookup=lookup)) as client,
        pytest.raises(Refused),
    ):
        client.get("https://platform.example/")
    assert inner.asked == []


def test_the_next_address_is_tried_where_one_does_not_answer(server: Server) -> None:
    lookup = rebinding(["127.0.0.2", "127.0.0.1"])
    with Connection(
        f"http://platform.example:{server.port}",
        "platform",
        plain=True,
        transport=through(lookup, public_only=False),
        limits=QUICK,
    ) as connection:
        assert connection.send("POST", "", "x", b"body", {}).status == 200
    assert server.requests[0].body == b"body"


def test_a_name_without_an_address_is_unavailable() -> None:
    def nowhere(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(f"{host}:{port}")

    with (
        Connection(
            "https://platform.example", "platform", transport=through(nowhere, public_only=True)
        ) as connection,
        pytest.raises(Unavailable, match="no connection"),
    ):
        connection.send("POST", "", "x", b"", {})


@pytest.fixture
def encrypted() -> Iterator[Server]:
    own = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    own.load_cert_chain(TLS / "platform.pem", TLS / "platform.key")
    with Server(lambda _: Reply(200, b"encrypted"), tls=own) as server:
        yield server


def ask(server: Server, host: str, trusted: ssl.SSLContext | None) -> bytes:
    transport = through(lambda _host, _port: ["127.0.0.1"], public_only=False, tls=trusted)
    with Connection(
        f"https://{host}:{server.port}", "platform", transport=transport, limits=QUICK
    ) as connection:
        return connection.send("POST", "", "x", b"", {}).body


def test_the_certificate_is_checked_against_the_name_not_the_address(encrypted: Server) -> None:
    trusted = ssl.create_default_context(cafile=TLS / "ca.pem")
    assert ask(encrypted, "platform.example", trusted) == b"encrypted"


def test_a_certificate_of_another_name_or_authority_is_not_trusted(encrypted: Server) -> None:
    trusted = ssl.create_default_context(cafile=TLS / "ca.pem")
    for host, authority in (("other.example", trusted), ("platform.example", None)):
        with pytest.raises(Unavailable, match="certificate is not trusted"):
            ask(encrypted, host, authority)
    assert encrypted.requests == []
