"""The queue, the search, one's own settings and the team with made-up contents, for scenes.py."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from console import shortcuts
from console.lists import Listing
from console.queue_form import FilterForm
from moderation import lookup, queue
from moderation.clock import ClockState
from moderation.counting import Count
from moderation.exposure import Limits, Own, Totals
from moderation.lookup import Few, HitFound, Near
from moderation.presence import Standing
from moderation.saved_views import OwnView

NOW = datetime.now(UTC)
HEX = "5f0c" * 8  # looks like a fingerprint, as a platform's id may
ROW = queue.QueueRow(
    id=12, name="H-12", state="open", verdict=None, content_id=HEX, kind="image",
    surface="profile", sources=("Take It Down",), classification="Older child, severe category",
    nearness=queue.Nearness.NEAR, nearest=12, algorithms=("pdq",), matches=2, priority=55,
    priority_reasons=("near copy, 12 bits differ", "confirmed by 3 other member(s)"),
    opened_at=NOW - timedelta(hours=5), due_at=NOW + timedelta(hours=3), closed_at=None,
    clock=ClockState.AT_RISK, holder=None, mine=False, cursor="1_12",
)  # fmt: skip
DECIDED = replace(
    ROW, id=14, name="H-14", state="decided", verdict="dispute", closed_at=NOW - timedelta(days=2)
)
ROWS = (
    replace(
        ROW, id=9, name="H-9", clock=ClockState.BREACHED, due_at=NOW - timedelta(hours=2),
        mine=True,
    ),
    ROW,
    replace(
        ROW, id=13, name="H-13", clock=ClockState.ON_TIME, due_at=NOW + timedelta(hours=20),
        nearness=queue.Nearness.EXACT, nearest=0, algorithms=("md5",), matches=1, holder="Ben",
        priority_reasons=(), kind="video", surface=None, content_id="post-77",
    ),
)  # fmt: skip
VIEWS = (
    OwnView(1, "Far copies of Take It Down", "source=1&nearness=far", starts=True),
    OwnView(2, "Films", "kind=video", starts=False),
)
OWN = Own(31, 42, 118, 191, 160, None, offer=False, paused_at=None)
STANDING = Standing(12, "H-12", "open", None, "Lena Larsen", False, None, False, "x")
REMOVED = HitFound(7, "H-7", "decided", "remove")
FOUND = lookup.Answer(
    entries=Few(
        (
            lookup.EntryFound(Near("md5", 0), "Take It Down", HEX, "Younger child, severe"),
            lookup.EntryFound(Near("pdq", 12), "StopNCII", "e-1042", "Not classified"),
        ),
        more=True,
    ),
    removals=Few((lookup.RemovalFound(Near("pdq", 3), REMOVED),)),
    contents=Few(
        (
            lookup.ContentFound(
                Near("pdq", 20), HEX, "image", "profile", NOW,
                (replace(REMOVED, id=8, name="H-8", state="open", verdict=None), REMOVED),
            ),
            lookup.ContentFound(Near("pdq", 28), "post-7", "video", None, NOW, ()),
        )
    ),
    version=12,
    too_plain=True,
)  # fmt: skip
NOTHING = lookup.Answer(Few(), Few(), Few(), None, too_plain=False)


def _queue(*rows: queue.QueueRow, more: bool = True, **values: Any) -> dict[str, Any]:
    following = "/queue?cursor=1" if more else None
    return {
        "page": Listing(rows, len(rows) or 25, following, "/queue"),
        "filters": FilterForm(queue.Filters(**values), 25, (("1", "Take It Down"),)),
        "counts": queue.Counts(Count(1_000, more=True), Count(1), Count(31), Count(3)),
        "views": (),
        "exposure": None,
    }


def _me(**more: Any) -> dict[str, Any]:
    return {
        "actions": shortcuts.ACTIONS,
        "keys": {action.name: action.key for action in shortcuts.ACTIONS},
        "off": False,
        "problem": None,
        "views": VIEWS,
        "exposure": OWN,
        **more,
    }


def _search(answer: lookup.Answer | None, problem: str | None = None) -> dict[str, Any]:
    return {"answer": answer, "problem": problem, "megabytes": 32, "scanned": 100_000}


def _team(totals: Totals | None) -> dict[str, Any]:
    limits = [Limits("mona", "Mona Meyer", 160, None), Limits("lena", "Lena Larsen", None, 240)]
    return {"limits": limits, "totals": totals, "enough": 3, "day_start": NOW}


SCENES: Mapping[str, tuple[str, Callable[[], dict[str, Any]]]] = {
    "queue": ("queue/queue.html", lambda: {**_queue(*ROWS), "exposure": OWN}),
    "queue-empty": ("queue/queue.html", lambda: _queue(more=False)),
    "queue-not-found": ("queue/queue.html", lambda: _queue(q="H-99", more=False)),
    "queue-mine": ("queue/queue.html", lambda: _queue(view=queue.View.MINE, more=False)),
    "queue-decided": ("queue/queue.html", lambda: _queue(DECIDED, view=queue.View.DECIDED)),
    "queue-all": ("queue/queue.html", lambda: _queue(DECIDED, *ROWS, view=queue.View.ALL)),
    "queue-filtered": (
        "queue/queue.html",
        lambda: {
            **_queue(ROW, algorithm="pdq", least=12, since=date(2026, 3, 1), uploader=HEX),
            "views": VIEWS,
            "exposure": replace(OWN, offer=True),
        },
    ),
    "queue-further": (
        "queue/queue.html",
        lambda: {
            **_queue(surface="nowhere"),
            "exposure": replace(OWN, paused_at=NOW - timedelta(minutes=4)),
        },
    ),
    "me": ("people/me.html", _me),
    "me-refused": (
        "people/me.html",
        lambda: _me(problem="D cannot be both: Remove; Dispute.", views=(), off=True),
    ),
    "team": ("people/team.html", lambda: _team(Totals(5, 1_204))),
    "team-few": ("people/team.html", lambda: _team(None)),
    "search": ("search/search.html", lambda: _search(None)),
    "search-found": ("search/search.html", lambda: _search(FOUND)),
    "search-nothing": ("search/search.html", lambda: _search(NOTHING)),
    "search-refused": (
        "search/search.html",
        lambda: _search(None, "Choose a file, or paste a fingerprint."),
    ),
}  # fmt: skip
