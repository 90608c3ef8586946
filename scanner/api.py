"""The console's content API, version 1, as the scan uses it."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event
from time import monotonic
from typing import Any

from exchange.connection import Connection
from exchange.errors import Unavailable
from scanner.process import Fingerprinted

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 60.0


@dataclass(frozen=True, slots=True)
class Context:
    """What is said of every item of this scan. None is left out."""

    surface: str | None = None
    uploader: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the console says of one item it was sent: `error` is None if it took it."""

    item: Fingerprinted
    error: str | None


class ContentApi:
    """Sends items and asks where they stand, with another try for whatever may pass.

    `patience` is how long one request is tried, in seconds, while the console does not answer,
    answers 429 or answers 5xx. Its `Retry-After` is kept, where that leaves any patience.
    Raises Unavailable when that runs out, Refused when another try would not help.
    """

    def __init__(self, address: str, key: str, patience: float) -> None:
        self._connection = Connection(address, "the console")
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._patience = patience
        self._hurry = Event()

    @property
    def address(self) -> str:
        """The console's base address."""
        return str(self._connection.base)

    def hurry(self) -> None:
        """From now on, also for the request under way in another thread: no more waiting."""
        self._patience = 0.0
        self._hurry.set()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def send(self, items: Sequence[Fingerprinted], context: Context) -> list[Verdict]:
        """Send up to 1,000 items; one verdict for each, in the same order."""
        document = {"items": [_wire(item, context) for item in items]}
        results = self._ask("/api/v1/content", "sending fingerprints", document, "results")
        if [result.get("id") for result in results] != [item.found.id for item in items]:
            raise Unavailable("the console: its results are not for the items that were sent")
        return [
            Verdict(item, (result.get("error") or "no reason given") if _rejected(result) else None)
            for item, result in zip(items, results, strict=True)
        ]

    def states(self, ids: Sequence[str]) -> list[str]:
        """Where up to 1,000 items stand: pending, clear, hit or unknown, in the same order."""
        document = {"ids": list(ids)}
        found = self._ask("/api/v1/content/state", "asking for matches", document, "items")
        if [one.get("id") for one in found] != document["ids"]:
            raise Unavailable("the console: its states are not for the items that were asked for")
        return [str(one.get("state")) for one in found]

    def _ask(self, path: str, what: str, document: Any, key: str) -> list[dict[str, Any]]:
        body = json.dumps(document).encode()
        started = monotonic()
        pause = FIRST_PAUSE
        while True:
            try:
                answer = self._connection.send("POST", path, what, body, self._headers)
                return _read(answer.body, key)
            except Unavailable as failure:
                wait = pause * random.uniform(0.5, 1.5)  # noqa: S311 - spreads tries, no secret
                wait = max(wait, failure.retry_after or 0.0)
                if monotonic() + wait > started + self._patience:
                    raise
            self._hurry.wait(wait)
            pause = min(2 * pause, LONGEST_PAUSE)


def _wire(item: Fingerprinted, context: Context) -> dict[str, Any]:
    said = {"surface": context.surface, "uploader": context.uploader}
    return {
        "id": item.found.id,
        "kind": item.kind,
        "fingerprints": item.fingerprints,
        "context": {name: value for name, value in said.items() if value is not None},
    }


def _rejected(result: dict[str, Any]) -> bool:
    return result.get("status") not in ("created", "updated", "unchanged")


def _read(body: bytes, key: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(body)[key]
    except (ValueError, KeyError, TypeError):
        found = None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Unavailable("the console: the answer is not what its API promises; is it a console?")
    return found
