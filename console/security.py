"""Headers that every answer carries, and the size that every request may have."""

from flask import Flask, abort, request
from werkzeug.wrappers import Response

PAGE_BYTES = 256 * 1024
CONTENT_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",  # the arrows in Bootstrap's form styles are data: images
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), display-capture=()",
    "X-Robots-Tag": "noindex",
}
OVER_TLS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
"""Where all of the installation is behind TLS."""
NOT_KEPT = {"Cache-Control": "no-store"}


def install(app: Flask) -> None:
    """Put the headers on every answer and keep every answer but static files out of caches."""
    app.config["MAX_CONTENT_LENGTH"] = PAGE_BYTES
    app.before_request(_refuse_nul)
    always = HEADERS | (OVER_TLS if app.config["SESSION_COOKIE_SECURE"] else {})

    @app.after_request
    def _headers(response: Response) -> Response:
        for name, value in always.items():
            response.headers.setdefault(name, value)
        if request.endpoint != "static":
            response.headers.update(NOT_KEPT)
        return response


def headers_for_programs(*, secure: bool) -> list[tuple[str, str]]:
    """What the API's answers carry: no browser shows them, and none is to be talked into it."""
    shown = {
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
    }
    return list((shown | NOT_KEPT | (OVER_TLS if secure else {})).items())


def _refuse_nul() -> None:
    """No text that we keep or look for holds U+0000, and PostgreSQL takes none.

    Bodies come later, see console.bodies: the size that they may have is not settled yet.
    """
    if any("\x00" in text for text in [request.path, *request.args.values()]):
        abort(400)
