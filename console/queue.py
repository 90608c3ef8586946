"""The queue: what waits, filtered by the URL, and the most urgent for whoever asks."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from console.access import htmx, person, requires
from console.lists import listing
from console.parts import parts
from exchange.records import MediaKind
from moderation import claims, paging, queue
from moderation.clock import ClockState
from moderation.permissions import Permission
from moderation.queue import Filters, Nearness, View
from store.source import Source

blueprint = Blueprint("queue", __name__)

Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class FilterForm:
    """The filters as they stand, and what can be chosen: (value, words) each."""

    values: Filters
    size: int
    views: tuple[tuple[str, str], ...]
    sources: tuple[tuple[str, str], ...]
    nearness: tuple[tuple[str, str], ...]
    clocks: tuple[tuple[str, str], ...]
    kinds: tuple[tuple[str, str], ...]
    sizes: tuple[int, ...] = paging.SIZES


@blueprint.get("/queue")
@requires(Permission.SEE_QUEUE)
def show() -> str:
    """A page of hits; for htmx the rows alone."""
    filters, now = _filters(), datetime.now(UTC)
    size = paging.size_of(request.args.get("size"))
    with parts().database.read() as rows:
        page = queue.rows(
            rows,
            filters,
            person(),
            parts().policy,
            cursor=request.args.get("cursor"),
            size=size,
            now=now,
        )
        counts = queue.counts(rows, person(), now)
        sources = rows.execute(select(Source.id, Source.name).order_by(Source.name)).all()
    form = FilterForm(
        values=filters,
        size=size,
        views=(
            (View.OPEN, "Open"),
            (View.MINE, "Mine"),
            (View.DECIDED, "Decided"),
            (View.WITHDRAWN, "Withdrawn"),
        ),
        sources=tuple((str(row.id), row.name) for row in sources),
        nearness=(
            (Nearness.EXACT, "Exact copies"),
            (Nearness.NEAR, "Near copies"),
            (Nearness.FAR, "Far copies"),
        ),
        clocks=(
            (ClockState.ON_TIME, "On time"),
            (ClockState.AT_RISK, "At risk"),
            (ClockState.BREACHED, "Past due"),
        ),
        kinds=((MediaKind.IMAGE, "Pictures"), (MediaKind.VIDEO, "Films")),
    )
    template = "queue/_rows.html" if htmx else "queue/queue.html"
    return render_template(template, page=listing(page), filters=form, counts=counts)


@blueprint.post("/queue/next")
@requires(Permission.CLAIM)
def claim_next() -> Response:
    """Claim the most urgent hit that nobody holds, and go there."""
    with parts().database.write() as rows:
        lease = claims.claim_next(rows, person(), parts().policy.lease.length, datetime.now(UTC))
    if lease is None:
        flash("Nothing is waiting that nobody holds. Well done.", "info")
        return redirect(url_for("queue.show"))
    return redirect(url_for("hits.show", hit_id=lease.hit_id))


def _filters() -> Filters:
    args = request.args
    source = args.get("source", "")
    return Filters(
        view=_word(View, args.get("view")) or View.OPEN,
        source=int(source) if source.isascii() and source.isdigit() and len(source) < 10 else None,
        nearness=_word(Nearness, args.get("nearness")),
        clock=_word(ClockState, args.get("clock")),
        kind=_word(MediaKind, args.get("kind")),
        q=args.get("q", "")[:200],
    )


def _word(words: type[Word], text: str | None) -> Word | None:
    """The word that the URL names; None for none and for nonsense."""
    return words(text) if text in list(words) else None
