"""A platform's program: its key, what it sends, what it asks."""

import json
from typing import Any

from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from werkzeug.test import TestResponse

from moderation.keys import Scope
from tests.console.conftest import Console
from tests.world import pdq

QUICK = hypothesis_settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Platform:
    """A program of the platform's with its key."""

    def __init__(self, console: Console, *scopes: Scope) -> None:
        self.known: set[str] = set()
        self.headers = console.key(*scopes)
        self.client = console.visitor().client

    def post(self, path: str, body: object) -> TestResponse:
        """Post JSON."""
        return self.client.post(f"/api/v1{path}", json=body, headers=self.headers)

    def send(self, *items: object) -> list[dict[str, Any]]:
        """The results for a batch that was taken."""
        answer = self.post("/content", {"items": list(items)})
        assert answer.status_code == 200, answer.text
        results: list[dict[str, Any]] = json.loads(answer.text)["results"]
        return results

    def states(self, *ids: str) -> list[tuple[str, str | None]]:
        """(state, hit) of each id."""
        answer = self.post("/content/state", {"ids": ids})
        assert answer.status_code == 200, answer.text
        return [(one["state"], one["hit"]) for one in json.loads(answer.text)["items"]]


def item(name: str = "post-1", value: bytes | None = None, **more: object) -> dict[str, Any]:
    prints = [{"algorithm": "pdq", "value": (value or pdq()).hex(), "quality": 90}]
    return {"id": name, "kind": "image", "fingerprints": prints, **more}
