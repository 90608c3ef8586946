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


def install(app: Flask) -> None:
    """Put the headers on every answer and keep every answer but static files out of caches."""
    app.config["MAX_CONTENT_LENGTH"] = PAGE_BYTES
    app.before_request(_refuse_nul)

    @app.after_request
    def _headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if app.config["SESSION_COOKIE_SECURE"]:
            response.headers.setdefault(
                "Strict-Transport-Security", "max-age=31536000; includeSubDomains"
            )
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        return response


def _refuse_nul() -> None:
    """No text that we keep or look for holds U+0000, and PostgreSQL takes none.

    Only what is a form is read as one: the size that other bodies may have is not settled yet.
    """
    texts = [request.path, *request.args.values()]
    if request.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data"):
        texts += request.form.values()
    if any("\x00" in text for text in texts):
        abort(400)
