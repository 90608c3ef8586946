"""Error pages: what happened, and what to do. For programs see console.api.problems."""

import logging

from flask import Flask, current_app, render_template, request
from flask_wtf.csrf import CSRFError
from redis import RedisError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

log = logging.getLogger(__name__)

TEXTS = {
    400: ("That request could not be read", "Go back, load the page again and try once more."),
    401: ("Sign in first", "Your session has ended. Sign in to go on where you were."),
    403: ("Your role does not open this", "Ask a lead or an admin if you need it for your work."),
    404: ("There is nothing here", "It may have been named wrongly. The queue lists all hits."),
    405: ("That cannot be done here", "Go back and use the buttons of the page."),
    413: ("That is too large", "Send less at once."),
    415: ("That format is not read here", "Send JSON."),
    429: ("That was too often", "Wait a minute and try again."),
    500: ("Something went wrong here", "Nothing was changed. It has been logged; try again."),
    503: ("A part of the console is not there", "Nothing is lost. Try again in a minute."),
}

PARTS_MISSING: tuple[type[Exception], ...] = (RedisError, OperationalError, PoolTimeout)


def install(app: Flask) -> None:
    """Answer every error in the form that was asked for."""
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    for error in PARTS_MISSING:
        app.register_error_handler(error, _missing_part)
    app.register_error_handler(Exception, _unexpected)


def _http(error: HTTPException) -> tuple[str, int]:
    # What fails before a view is reached, such as reading the session, comes wrapped.
    cause = getattr(error, "original_exception", None)
    if isinstance(cause, PARTS_MISSING):
        return _missing_part(cause)
    return _answer(error.code or 500)


def _csrf(_error: CSRFError) -> tuple[str, int]:
    return _answer(400, "The form was too old or not from this console. Load the page again.")


def _missing_part(error: Exception) -> tuple[str, int]:
    log.error("a part is not there: %s", type(error).__name__)
    return _answer(503)


def _unexpected(error: Exception) -> tuple[str, int]:
    log.error("unexpected error in %s", request.endpoint, exc_info=error)
    return _answer(500)


def _answer(code: int, text: str | None = None) -> tuple[str, int]:
    title, advice = TEXTS.get(code, TEXTS[400])
    words = {"code": code, "title": title, "text": text or advice}
    if code < 500:
        return render_template("errors/error.html", **words), code
    # Without what Flask adds to every page: it asks for the person, who may be what is missing.
    return current_app.jinja_env.get_template("errors/error.html").render(words), code
