"""A proxy in front of one party that passes everything on, except what its fault spoils.

It runs in a thread. Only what tells something (PUT, POST) is spoilt: reading the list is another
matter. Faults come in bursts, so that circuits open too.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

HOP_BY_HOP = ("connection", "keep-alive", "transfer-encoding", "content-length")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer on its way back."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Exchange(BaseHTTPRequestHandler):
    """One connection of a client. A fault works with `upstream`, `answer` and `hang_up`."""

    protocol_version = "HTTP/1.1"
    server: "Listener"

    def do_GET(self) -> None:
        """Pass it on."""
        self.answer(self.upstream())

    def do_PUT(self) -> None:
        """Pass it on, or spoil it."""
        number = next(self.server.numbers)
        faulty = self.server.fault is not None and number % self.server.every < self.server.burst
        if not faulty:
            self.answer(self.upstream())
            return
        self.server.spoilt.append(time.time())
        assert self.server.fault is not None
        self.server.fault(self, number)

    def do_POST(self) -> None:
        """The same."""
        self.do_PUT()

    def upstream(self) -> Reply:
        """What the party behind answers to this request."""
        length = int(self.headers.get("Content-Length", "0"))
        body = self.rfile.read(length) if length else None
        connection = HTTPConnection("127.0.0.1", self.server.behind, timeout=30)
        try:
            connection.request(self.command, self.path, body, dict(self.headers.items()))
            response = connection.getresponse()
            headers = [pair for pair in response.getheaders() if pair[0].lower() not in HOP_BY_HOP]
            return Reply(response.status, tuple(headers), response.read())
        except (OSError, HTTPException):
            return Reply(502, (), b"")
        finally:
            connection.close()

    def answer(self, reply: Reply, *, length: int | None = None) -> None:
        """Send `reply`, or its beginning under a `length` that it does not have."""
        self.send_response_only(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body) if length is None else length))
        self.end_headers()
        self.wfile.write(reply.body)

    def drop(self) -> None:
        """Read the request and pass nothing on."""
        self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def hang_up(self) -> None:
        """Close the connection after this."""
        self.close_connection = True

    def log_message(self, *_arguments: object) -> None:
        """What happened is counted."""


Fault = Callable[[Exchange, int], None]
"""Spoils one exchange; `int` is its number."""


class Listener(ThreadingHTTPServer):
    """Listens on `port` for the party on the port `behind`."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, behind: int, fault: Fault | None, every: int, burst: int) -> None:
        super().__init__(("127.0.0.1", port), Exchange)
        self.behind, self.fault, self.every, self.burst = behind, fault, every, burst
        self.numbers = count()
        self.spoilt: list[float] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is what this is about."""


@dataclass(slots=True)
class Proxy:
    """A proxy that listens while `listening()`; the faults of all its time are counted."""

    port: int
    behind: int
    fault: Fault | None = None
    every: int = 12
    burst: int = 3
    faults: int = field(default=0, init=False)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen until the block ends; afterwards nobody answers there."""
        listener = Listener(self.port, self.behind, self.fault, self.every, self.burst)
        thread = threading.Thread(target=listener.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            listener.shutdown()
            listener.server_close()
            self.faults += len(listener.spoilt)
