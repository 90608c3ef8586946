"""What colleagues do, asked for every few seconds by static/live.js.

Asking changes nothing: no session is longer for it and no claim is renewed. What is as it was is
answered by 304 and a handful of bytes.
"""

import hashlib
from datetime import UTC, datetime

from flask import Blueprint, abort, make_response, render_template, request
from werkzeug.wrappers import Response

from console.access import person, requires
from console.parts import parts
from moderation import paging, presence, queue
from moderation.permissions import Permission

blueprint = Blueprint("presence", __name__)

MOST = max(paging.SIZES)


@blueprint.get("/queue/presence")
@requires(Permission.SEE_QUEUE)
def of_queue() -> Response:
    """How the hits `ids` of a list stand now, and the figures above it."""
    with parts().database.read() as rows:
        now = datetime.now(UTC)
        html = render_template(
            "queue/_presence.html",
            counts=queue.counts(rows, person(), now),
            standings=presence.of_hits(rows, _numbers(), person(), now),
        )
    return _unless_known(html)


@blueprint.get("/hits/<int:hit_id>/presence")
@requires(Permission.SEE_QUEUE)
def of_hit(hit_id: int) -> Response:
    """What changed on a hit since the page that shows it was made, which was then as `seen`."""
    with parts().database.read() as rows:
        found = presence.of_hits(rows, [hit_id], person(), datetime.now(UTC))
    if not found:
        abort(404)
    (standing,) = found
    changed = standing.version != request.args.get("seen", "")
    return _unless_known(render_template("presence/_hit.html", standing=standing, changed=changed))


def _numbers() -> list[int]:
    texts = request.args.get("ids", "").split(",")[:MOST]
    numbers = (paging.number_cursor(text) for text in texts)
    return list(dict.fromkeys(number for number in numbers if number is not None))


def _unless_known(html: str) -> Response:
    """The fragment, or 304 for whoever has it already."""
    answer = make_response(html)
    answer.set_etag(hashlib.sha256(html.encode()).hexdigest()[:32])
    return answer.make_conditional(request)
