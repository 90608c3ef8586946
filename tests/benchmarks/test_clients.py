"""The clients that load a server: they read whole answers, and take none but 200."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.clients import ask


class _Echo(BaseHTTPRequestHandler):
    """Answers with what was sent, in two pieces; 404 for /nowhere."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((body, self.headers["X-Key"]))  # type: ignore[attr-defined]
        self.send_response(404 if self.path == "/nowhere" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:1])
        self.wfile.write(body[1:])

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    """A server on a free port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as one:
        one.seen = []  # type: ignore[attr-defined]
        threading.Thread(target=one.serve_forever, daemon=True).start()
        yield one
        one.shutdown()


def test_every_client_asks_one_question_after_another(server: ThreadingHTTPServer) -> None:
    bodies = [b"first", b"second", b"third"]
    port = server.server_address[1]
    taken = ask(port, "/", bodies, {"X-Key": "k"}, clients=2, seconds=0.2)
    seen = server.seen  # type: ignore[attr-defined]
    assert len(taken) <= len(seen) <= len(taken) + 2, "two may be under way at the end"
    assert {body for body, _ in seen} == set(bodies)
    assert {key for _, key in seen} == {"k"}
    assert all(0 < seconds < 1 for seconds in taken)


def test_a_refusal_is_no_answer(server: ThreadingHTTPServer) -> None:
    with pytest.raises(RuntimeError, match="/nowhere answered 404"):
        ask(server.server_address[1], "/nowhere", [b"x"], {}, clients=1, seconds=1)
