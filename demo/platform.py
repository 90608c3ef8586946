"""A platform's receiver for the demo: checks the signature, refuses replays, keeps a list.

Run as `python -m demo.platform PORT`. GET / answers what arrived, a line of JSON each.
"""

import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock

from exchange.platform import HEADER, BadSignature, verify

MAX_BODY = 64 * 1024


class Received:
    """The actions that arrived, each once, kept in a file so that a restart remembers them."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = Lock()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        self._keys = {json.loads(line)["idempotency_key"] for line in file.open()}

    def take(self, body: bytes) -> None:
        """Keep one action; one that is known already is the same message sent again."""
        action = json.loads(body)
        with self._lock:
            if action["idempotency_key"] in self._keys:
                return
            with self._file.open("a") as out:
                out.write(json.dumps(action) + "\n")
            self._keys.add(action["idempotency_key"])

    def lines(self) -> bytes:
        """All that arrived."""
        return self._file.read_bytes()


def handler(secret: str, received: Received) -> Callable[..., BaseHTTPRequestHandler]:
    """The request handler of a receiver that shares `secret` with the console."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """One signed action."""
            length = int(self.headers.get("Content-Length", "0"))
            if length > MAX_BODY:
                self._answer(413, b'{"error":"too large"}')
                return
            body = self.rfile.read(length)
            try:
                verify(secret, self.headers.get(HEADER, ""), body, datetime.now(UTC))
            except BadSignature:
                self._answer(401, b'{"error":"the signature does not hold"}')
                return
            received.take(body)
            self._answer(200, b'{"result":"done"}')

        def do_GET(self) -> None:
            """What arrived so far."""
            self._answer(200, received.lines())

        def log_message(self, *_arguments: object) -> None:
            """The list is the record."""

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


def main() -> None:
    """Serve until stopped."""
    received = Received(Path(os.environ["DATA_DIR"]) / "demo" / "platform.jsonl")
    serve = handler(os.environ["PLATFORM_SECRET"], received)
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), serve).serve_forever()


if __name__ == "__main__":
    main()
