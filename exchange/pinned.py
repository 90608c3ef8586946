"""A way out that resolves a name once, checks the addresses, and connects to the one it checked.

A check before the connection alone is not enough: a name can answer with a public address when it
is checked and with 127.0.0.1 a moment later (DNS rebinding). Here the connection goes to the very
address that was checked; the name stays in the Host header and in TLS, so certificates are verified
against it.
"""

import socket
from collections.abc import Callable, Sequence

import httpx

from exchange.address import is_public
from exchange.errors import Refused


def resolve(host: str, port: int) -> Sequence[str]:
    """The IP addresses of a host, in the system's order of preference. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class PinnedTransport(httpx.BaseTransport):
    """Sends through `inner`, to an address that was checked. `public_only` refuses private ones."""

    def __init__(
        self,
        inner: httpx.BaseTransport,
        *,
        public_only: bool,
        lookup: Callable[[str, int], Sequence[str]] = resolve,
    ) -> None:
        self._inner = inner
        self._public_only = public_only
        self._lookup = lookup

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Try the addresses of the request's host in turn.

        Raises Refused where any of them is not public, httpx.ConnectError where none answers.
        """
        host = request.url.raw_host.decode("ascii")
        port = request.url.port or {"https": 443}.get(request.url.scheme, 80)
        try:
            addresses = self._lookup(host, port)
        except (OSError, UnicodeError):
            addresses = ()
        if self._public_only and not all(is_public(address) for address in addresses):
            raise Refused(
                f"{host} leads into a private network; allow that in the settings if it is meant"
            )
        failure: httpx.TransportError = httpx.ConnectError("the host's name has no address")
        for address in addresses:
            try:
                return self._inner.handle_request(_pinned(request, host, address))
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
        raise failure

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


def _pinned(request: httpx.Request, host: str, address: str) -> httpx.Request:
    """The same request to an address; Host header and TLS server name stay those of the host."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )
