"""Every route against everybody, read from the application's own URL map and the API's table.

`answers` knocks at every door; what comes back is one word for each: `in`, `sign-in`, or the
status of a refusal or a failure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from console.api.application import PREFIX
from console.application import API
from tests.console.visitor import Visitor

PLAIN = frozenset({"HEAD", "OPTIONS"})  # answered by Werkzeug for whoever may GET
VALUES = {"int": "4711", "default": "nobody", "path": "console.css"}
"""What stands for a variable part of a path, by its converter."""


@dataclass(frozen=True, order=True)
class Route:
    """One method of one rule."""

    rule: str
    method: str
    endpoint: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.rule}"


def routes(app: Flask) -> list[Route]:
    """Every method of every rule, signing out last."""
    found = pages(app)
    for one in app.extensions[API].routes:
        path = PREFIX + one.path
        found.append(Route(path, one.method, one.answer.__name__, path))
    return sorted(found, key=lambda route: (route.endpoint == "access.sign_out", route))


def pages(app: Flask) -> list[Route]:
    """Those of people: what is not the programs' API."""
    return [
        Route(rule.rule, method, rule.endpoint, _path(rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - PLAIN
    ]


def answers(
    app: Flask, visitor: Visitor, headers: Mapping[str, str], token: str | None
) -> Iterator[tuple[str, str]]:
    """(route, what it answered) for somebody who knocks with these headers and this token."""
    for route in routes(app):
        sent = dict(headers) | ({"X-CSRFToken": token} if token else {})
        body: dict[str, str] | None = (
            {} if route.path.startswith("/api/") and route.method != "GET" else None
        )
        answer = visitor.client.open(route.path, method=route.method, headers=sent, json=body)
        yield str(route), _word(answer)


def _path(rule: Rule) -> str:
    path = rule.rule
    for name in rule.arguments:
        converter = rule._converters[name]
        kind = {"RowNumber": "int", "PathConverter": "path"}.get(
            type(converter).__name__, "default"
        )
        for written in (f"<int:{name}>", f"<path:{name}>", f"<{name}>"):
            path = path.replace(written, VALUES[kind])
    return path


def _word(answer: TestResponse) -> str:
    if answer.status_code in (401, 403) or answer.status_code >= 500:
        return str(answer.status_code)
    if answer.status_code == 302 and "/sign-in?next=" in answer.location:
        return "sign-in"
    return "in"
