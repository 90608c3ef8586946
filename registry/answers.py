"""How a request is refused, in the format of whoever asked, and the headers of every answer."""

import time

from flask import Flask, Response, jsonify, request
from flask_limiter import Limiter, RateLimitExceeded
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, ServiceUnavailable

from registry.case_form import CaseRefused
from registry.database import TooSlow
from registry.documents import error_document
from registry.settings import RegistrySettings

BUSY_SECONDS = 5
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def set_up_answers(app: Flask, settings: RegistrySettings, limiter: Limiter) -> None:
    """Refusals in XML under the protocol's base path, in JSON elsewhere; strict headers on all."""

    @app.errorhandler(HTTPException)
    def refuse(error: HTTPException) -> Response:
        message = error.description or error.name
        answer = Response(headers=error.get_headers(), status=error.code)
        if isinstance(error, RateLimitExceeded):
            wait = _seconds_to_wait(limiter)
            message = f"too many requests: at most {message}; try again in {wait} seconds"
            answer.headers["Retry-After"] = str(wait)
        if request.path.startswith(f"{settings.base_path}/"):
            answer.data = error_document(message)
            answer.content_type = "application/xml; charset=utf-8"
        else:
            answer.data = jsonify(error=message).data
            answer.content_type = "application/json"
        return answer

    @app.errorhandler(CaseRefused)
    def refuse_case(error: CaseRefused) -> tuple[Response, int]:
        problems = [{"where": where, "what": what} for where, what in error.problems]
        message = "this case was not taken, and nothing of it was kept; see the problems"
        return jsonify(error=message, problems=problems), 422

    @app.errorhandler(OperationalError)
    @app.errorhandler(TooSlow)
    def busy(error: Exception) -> Response:
        app.logger.warning("the database did not answer in time: %s", type(error).__name__)
        again = "the registry is busy; nothing was kept, try again in a few seconds"
        return refuse(ServiceUnavailable(again, retry_after=BUSY_SECONDS))

    @app.after_request
    def headers(response: Response) -> Response:
        response.headers.update(HEADERS)
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        return response


def _seconds_to_wait(limiter: Limiter) -> int:
    breached = limiter.current_limit
    return max(1, int(breached.reset_at - time.time())) if breached else 60
