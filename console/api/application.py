"""The programs' API as a WSGI application of its own: no sessions, no cookies, no forms, no pages.

A platform asks it thousands of times a second, and finding what it uploads takes a twentieth of a
millisecond. So nothing else may take much longer, and what people need, a session out of Redis, who
is signed in, tokens in forms, contexts around every view, is not here. `console.application` mounts
it at PREFIX.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.exceptions import (
    Forbidden,
    MethodNotAllowed,
    NotFound,
    TooManyRequests,
    Unauthorized,
    UnsupportedMediaType,
)
from werkzeug.wsgi import get_input_stream

from console import security
from console.api import content, problems
from console.api.routes import Route
from console.api.schema import MAX_BYTES
from console.parts import Parts
from console.programs import Programs
from moderation.keys import Scope

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PREFIX = "/api/v1"
JSON = "application/json"


class Api:
    """The routes, the parts they work with, and the programs that call; `secure` is behind TLS."""

    def __init__(self, parts: Parts, *, secure: bool) -> None:
        self.parts = parts
        self.programs = Programs()
        self.routes = content.ROUTES
        self._paths: dict[str, dict[str, Route]] = defaultdict(dict)
        for route in self.routes:
            self._paths[route.path][route.method] = route
        self._headers = [("Content-Type", JSON), *security.headers_for_programs(secure=secure)]

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one request, as WSGI has it."""
        status, headers = "200 OK", self._headers
        try:
            body = self._answer(environ)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is answered and logged
            status, more, body = problems.answer(error, environ)
            headers = headers + more
        start_response(status, [("Content-Length", str(len(body))), *headers])
        return [body]

    def _answer(self, environ: "WSGIEnvironment") -> bytes:
        route = self._route(environ["PATH_INFO"], environ["REQUEST_METHOD"])
        if route.scope is not None:
            self._check_key(environ.get("HTTP_AUTHORIZATION", ""), route.scope)
        return route.answer(self.parts, b"" if route.method == "GET" else _body(environ))

    def _route(self, path: str, method: str) -> Route:
        methods = self._paths.get(path)
        if methods is None:
            raise NotFound
        if method not in methods:
            raise MethodNotAllowed(methods)
        return methods[method]

    def _check_key(self, authorization: str, scope: Scope) -> None:
        kind, _, key = authorization.partition(" ")
        known = kind.lower() == "bearer"
        program = self.programs.find(self.parts.database, key.strip()) if known else None
        if program is None:
            raise Unauthorized
        wait = self.programs.wait(program, self.parts.policy.limits.api)
        if wait is not None:
            raise TooManyRequests(retry_after=wait)
        if scope not in program.scopes:
            raise Forbidden


def _body(environ: "WSGIEnvironment") -> bytes:
    """All of the body, which must be JSON and within MAX_BYTES."""
    kind = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if kind != JSON:
        raise UnsupportedMediaType
    return get_input_stream(environ, max_content_length=MAX_BYTES).read()
