"""What the body of a request may be: how large, held in memory only, and without U+0000.

Werkzeug puts a file that is sent, and is larger than 500 kB, into a temporary file on disk. Media
never touches a disk here.
"""

from collections.abc import Callable
from io import BytesIO
from typing import IO, Any, TypeVar

from flask import Flask, Request, abort, current_app, request

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")

View = TypeVar("View", bound=Callable[..., Any])


class InMemory(Request):
    """A request whose files are never written down."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return BytesIO()


def takes_files(size: int) -> Callable[[View], View]:
    """Let the form of a route be of `size` bytes, with a file in it."""

    def mark(view: View) -> View:
        view.body_bytes = size  # type: ignore[attr-defined]
        return view

    return mark


def install(app: Flask) -> None:
    """After the guard, so that only who may come in fills memory; before any form is read."""
    app.request_class = InMemory
    app.before_request(_settle)


def _settle() -> None:
    size = getattr(current_app.view_functions.get(request.endpoint or ""), "body_bytes", None)
    if size is not None:
        request.max_content_length = size
    # Only what is a form is read as one.
    if request.mimetype in FORMS and any("\x00" in text for text in request.form.values()):
        abort(400)
