"""Deliveries, what wants a lead, and entries for review only with made-up contents, for
tests.pages.scenes."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from console.lists import Listing
from moderation import metrics
from moderation.attention import Attention
from moderation.circuit import Circuit
from moderation.counting import Count
from moderation.delivery_list import Stage
from moderation.suspects import Suspect
from tests.pages.hit_scenes import ARRIVED, DELIVERY, FAILED, HEX, LINE, LOST, NOW, ago

NONE = Count(0)
COUNTS = dict.fromkeys(Stage, NONE) | {
    Stage.HELD: Count(2),
    Stage.DELIVERED: Count(1_000, more=True),
    Stage.GIVEN_UP: Count(1),
}
CIRCUITS = (
    Circuit("platform", 0, None, False, "", None, ago(minutes=3)),
    Circuit("registry:StopNCII", 2, None, True, "timed out", ago(minutes=4), ago(hours=3)),
    Circuit(
        "registry:Take It Down", 5, NOW, False, "503 Service Unavailable", ago(minutes=1), None
    ),
)
CALM = Attention(NONE, NONE, NONE, NONE, NONE, NONE, ())
BUSY = Attention(
    Count(12), Count(2), Count(31), Count(1), Count(4), Count(1), ("registry:Take It Down",)
)
DAYS = tuple(
    metrics.Day(date(2026, 3, day), 20 + day, day % 4, 10 + day % 3, day % 2)
    for day in range(1, 15)
)
SUSPECT = Suspect(
    4, "Take It Down", "NCMEC Take It Down", HEX, ago(hours=3), "matched 212 times in a day",
    Count(41),
)  # fmt: skip


def _deliveries(*rows: Any, **more: Any) -> dict[str, Any]:
    return {
        "page": Listing(rows, 25, "/deliveries?cursor=1", None),
        "stage": None,
        "destination": None,
        "counts": COUNTS,
        "circuits": list(CIRCUITS),
        "may_retry": True,
        **more,
    }


def _one(delivery: Any, said: Mapping[str, str]) -> dict[str, Any]:
    return {
        "delivery": delivery,
        "said": said,
        "history": [replace(LINE, subject=f"delivery:{delivery.id}", action="delivery.given-up")],
        "may_see_queue": True,
        "may_retry": True,
    }


def _suspects(*rows: Suspect) -> dict[str, Any]:
    return {"page": Listing(rows, 25, None, None), "may_trust": True, "may_see_queue": True}


VOTE = {
    "Member": "42",
    "Entry": HEX,
    "Algorithm": "pdq",
    "Outcome": "negative",
    "Reason": "Not of a minor",
}
SCENES: Mapping[str, tuple[str, Callable[[], dict[str, Any]]]] = {
    "deliveries": (
        "deliveries/deliveries.html",
        lambda: _deliveries(LOST, FAILED, DELIVERY, ARRIVED),
    ),
    "deliveries-none": (
        "deliveries/deliveries.html",
        lambda: _deliveries(stage=Stage.CANCELLED, destination="platform"),
    ),
    "deliveries-first": (
        "deliveries/deliveries.html",
        lambda: _deliveries(counts=dict.fromkeys(Stage, NONE), circuits=[]),
    ),
    "delivery": ("deliveries/delivery.html", lambda: _one(FAILED, VOTE)),
    "delivery-lost": (
        "deliveries/delivery.html",
        lambda: _one(LOST, {"Action": "remove", "Content": HEX[:32]}),
    ),
    "suspects": ("sources/suspects.html", lambda: _suspects(SUSPECT)),
    "suspects-none": ("sources/suspects.html", _suspects),
    "metrics": (
        "metrics/metrics.html",
        lambda: {
            "figures": metrics.Figures(1204, 31, 3, 310, 4, 88.4, COUNTS, DAYS),
            "attention": BUSY,
        },
    ),
    "metrics-none": (
        "metrics/metrics.html",
        lambda: {
            "figures": metrics.Figures(
                0, 0, 0, 0, 0, None, dict.fromkeys(Stage, NONE), DAYS[:1]
            ),
            "attention": CALM,
        },
    ),
}  # fmt: skip
