"""A console for the tests: the content API over real HTTP, with the real one's schema.

It takes and refuses what the contract says, keeps what it was sent, and can be told to be down,
busy or slow. Every picture whose PDQ lies within 31 bits of a listed one is a hit.
"""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from pydantic import ValidationError

from console.api.schema import MAX_BYTES, MAX_ITEMS, ItemModel
from matching.fingerprint import Fingerprint
from matching.pdq import distance

KEY = "key-of-the-tests"

Json = dict[str, Any]
Trouble = tuple[int, dict[str, str]]


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Quiet: a scan that is killed leaves its connection in the middle."""


class Console:
    """Listens on a free port of this machine between `with` and its end."""

    def __init__(self) -> None:
        self.items: dict[str, Json] = {}
        self.batches: list[list[str]] = []
        self.listed: list[Fingerprint] = []
        self.refused_ids: dict[str, str] = {}
        self.troubles: list[Trouble] = []
        """Answers to give instead, one for each of the next requests."""
        self.pending_rounds = 0
        """How many times asking for states answers that everything is pending."""
        self.on_batch: Callable[[], None] = lambda: None
        self.requests: list[tuple[float, str]] = []
        self.bodies: list[bytes] = []
        console = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                console.requests.append((time.monotonic(), self.path))
                console.bodies.append(body)
                status, headers, answer = console._answer(
                    self.path, dict(self.headers.items()), body
                )
                data = json.dumps(answer).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(
        self, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], Json]:
        if self.troubles:
            status, extra = self.troubles.pop(0)
            return status, extra, _error(status)
        for status, refuse in (
            (401, headers.get("Authorization") != f"Bearer {KEY}"),
            (404, path not in ("/api/v1/content", "/api/v1/content/state")),
            (413, len(body) > MAX_BYTES),
            (415, headers.get("Content-Type") != "application/json"),
        ):
            if refuse:
                return status, {}, _error(status)
        try:
            document = json.loads(body.decode("utf-8"))
            if path == "/api/v1/content":
                return 200, {}, {"results": self._take(document["items"])}
            return 200, {}, {"items": self._states(document["ids"])}
        except (KeyError, ValueError):
            return 400, {}, _error(400)

    def _take(self, items: list[Json]) -> list[Json]:
        if not 1 <= len(items) <= MAX_ITEMS:
            raise ValueError
        results = [self._take_one(item) for item in items]
        self.batches.append([item["id"] for item in items])
        self.on_batch()
        return results

    def _take_one(self, item: Json) -> Json:
        if error := _fault(item) or self.refused_ids.get(item["id"]):
            return {"id": item["id"], "status": "rejected", "error": error}
        before = self.items.get(item["id"])
        self.items[item["id"]] = item
        status = "created" if before is None else "unchanged" if before == item else "updated"
        return {"id": item["id"], "status": status, "error": None}

    def _states(self, ids: list[str]) -> list[Json]:
        if not 1 <= len(ids) <= MAX_ITEMS:
            raise ValueError
        if self.pending_rounds:
            self.pending_rounds -= 1
            return [{"id": id_, "state": "pending", "hit": None} for id_ in ids]
        return [self._state(id_) for id_ in ids]

    def _state(self, id_: str) -> Json:
        if id_ not in self.items:
            return {"id": id_, "state": "unknown", "hit": None}
        prints = [
            Fingerprint.parse("pdq", one["value"])
            for one in self.items[id_]["fingerprints"]
            if one["algorithm"] == "pdq" and one["quality"] >= 50
        ]
        hit = any(distance(one, listed) <= 31 for one in prints for listed in self.listed)
        return {"id": id_, "state": "hit" if hit else "clear", "hit": "H-1" if hit else None}


def _fault(item: Json) -> str | None:
    try:
        ItemModel.model_validate(item)
    except ValidationError as error:
        return str(error.error_count()) + " faults"
    return None


def _error(status: int) -> Json:
    return {"error": {"code": status, "message": "no"}}
