"""Searching by a file or a fingerprint: computed in the request, looked for, and forgotten."""

from collections.abc import Sequence
from datetime import UTC, datetime

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from console.access import person, requires
from console.bodies import takes_files
from console.limits import limiter
from console.parts import parts
from matching.apart import Look, fingerprint_apart
from matching.fingerprint import Algorithm, Fingerprint, FingerprintError
from matching.index import TooManyMatchesError
from matching.limits import MediaLimits
from matching.media import Unreadable
from moderation import lookup
from moderation.lookup import Answer
from moderation.permissions import Permission

blueprint = Blueprint("search", __name__, url_prefix="/search")

FILE_BYTES = 32 * 1024 * 1024
FORM_BYTES = FILE_BYTES + 64 * 1024
LIMITS = MediaLimits(
    max_pixels=50_000_000,
    max_photo_bytes=FILE_BYTES,
    max_video_bytes=FILE_BYTES,
    max_seconds=20.0,
    max_frames=60,
)
BY_DIGITS = {2 * algorithm.size: algorithm for algorithm in Algorithm}


class NothingToLookFor(ValueError):
    """What was sent gives nothing to look for. Says why; never holds what was sent."""


@blueprint.get("")
@requires(Permission.SEARCH_BY_FINGERPRINT)
def show() -> str:
    """The form."""
    return _page(None, None)


@blueprint.post("")
@requires(Permission.SEARCH_BY_FINGERPRINT)
@takes_files(FORM_BYTES)
@limiter.limit("20 per minute; 300 per hour")
def look() -> Response | str | tuple[str, int]:
    """What is near to the file or to the pasted fingerprint, by distance."""
    try:
        how, looks = _sent()
        with parts().database.read() as rows:
            answer = lookup.look(rows, parts().index.current(), looks, parts().policy)
    except (NothingToLookFor, Unreadable) as error:
        return _page(None, str(error)), 422
    except TooManyMatchesError:
        return _page(None, "Nearly everything is near to this: it is too plain to look for."), 422
    with parts().database.write() as rows:
        lookup.note(rows, person(), how, answer, datetime.now(UTC))
    return _page(answer, None)


def _sent() -> tuple[str, Sequence[Look]]:
    """How something was sent, and the fingerprints to look for."""
    file = request.files.get("file")
    data = file.stream.read() if file else b""
    if data:
        return "file", fingerprint_apart(data, LIMITS)
    pasted = request.form.get("fingerprint", "").strip()
    if not pasted:
        raise NothingToLookFor("Choose a file, or paste a fingerprint.")
    try:
        return "fingerprint", (Look(Fingerprint.parse(BY_DIGITS.get(len(pasted), ""), pasted)),)
    except FingerprintError:
        raise NothingToLookFor(
            "That is no fingerprint: PDQ has 64 hex digits, SHA-1 has 40, MD5 has 32."
        ) from None


def _page(answer: Answer | None, problem: str | None) -> str:
    return render_template(
        "search/search.html",
        answer=answer,
        problem=problem,
        megabytes=FILE_BYTES // (1024 * 1024),
        scanned=lookup.SCANNED,
    )
