"""Errors of the API: always JSON, and never with what the sender chose."""

import json
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException, MethodNotAllowed, TooManyRequests

from console.problems import PARTS_MISSING, TEXTS

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

log = logging.getLogger(__name__)

EXPLAINED = frozenset({400, 413, 415, 503})
"""Where the error says more than what its number means."""

Headers = list[tuple[str, str]]


def answer(error: Exception, environ: "WSGIEnvironment") -> tuple[str, Headers, bytes]:
    """Status line, headers and body for whatever went wrong; what is our fault is logged."""
    if isinstance(error, HTTPException):
        code, detail = error.code or 500, error.description
    elif isinstance(error, PARTS_MISSING):
        log.error("a part is not there: %s", type(error).__name__)
        code, detail = 503, None
    else:
        log.error("unexpected error in %s", environ["PATH_INFO"], exc_info=error)
        code, detail = 500, None
    title, _ = TEXTS.get(code, TEXTS[400])
    said = detail if code in EXPLAINED and detail else title
    body = json.dumps({"error": {"code": code, "message": said}}).encode()
    return f"{code} {HTTPStatus(code).phrase}", _headers(code, error), body


def _headers(code: int, error: Exception) -> Headers:
    if code == 401:
        return [("WWW-Authenticate", "Bearer")]
    if isinstance(error, TooManyRequests) and error.retry_after:
        return [("Retry-After", str(error.retry_after))]
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        return [("Allow", ", ".join(error.valid_methods))]
    return []
