"""One decision for many hits, and one that waits for a second person, for tests.pages.scenes."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from werkzeug.datastructures import MultiDict

from console.decision_form import DecisionForm
from moderation.counting import Count
from moderation.groups import Because, Covered, Member
from store.person import Person
from tests.pages.hit_scenes import CARD, HEX, LAST, NOW, ago, hit

MEMBERS = (
    Member(12, "H-12", HEX[:32], "profile", 12, NOW + timedelta(hours=3), None),
    Member(13, "H-13", "post-77", None, 0, NOW + timedelta(hours=4), None),
    Member(14, "H-14", "post-78", "feed", 31, NOW - timedelta(hours=1), "Ben Bakker"),
)
PROPOSAL = SimpleNamespace(
    verdict="dispute",
    person=Person(login="ben", name="Ben Bakker"),
    proposed_at=ago(minutes=20),
    why="a dispute of what others confirmed",
    note="A logo, not a person",
)
TOGETHER = replace(LAST, group_id=3, together=12)
GROUPS = {"entry": Count(2), "fingerprint": Count(0), "uploader": Count(1_000, more=True)}


def _group(*members: Member, problem: str | None = None) -> dict[str, Any]:
    return {
        "card": CARD,
        "members": members,
        "because": Because.ENTRY,
        "at_most": 200,
        "ticked": [12],
        "problem": problem,
        "draft": {"verdict": "", "reason": "", "note": ""},
        "work": True,
    }


def _question(*covered: Member) -> dict[str, Any]:
    typed = {"choice": "remove:match-near", "note": "Shop sign"}
    return {
        "card": CARD,
        "form": DecisionForm(MultiDict(typed), meta={"csrf": False}),
        "because": Because.ENTRY,
        "covered": covered,
        "left_out": MEMBERS[len(covered) :],
        "gone": [15],
    }


def _done(covered: Covered, done: str) -> dict[str, Any]:
    return {"covered": covered, "done": done}


SCENES: Mapping[str, tuple[str, Callable[[], dict[str, Any]]]] = {
    "hit-proposed": (
        "hits/hit.html",
        lambda: hit(CARD, groups=GROUPS, proposals=[PROPOSAL], last=TOGETHER),
    ),
    "hit-disagreed": (
        "hits/hit.html",
        lambda: hit(
            replace(CARD, may_decide=False, for_lead=True, escalated_reason="two see it otherwise"),
            proposals=[PROPOSAL, SimpleNamespace(**vars(PROPOSAL) | {"verdict": "remove"})],
        ),
    ),
    "group": ("hits/group.html", lambda: _group(*MEMBERS)),
    "group-refused": ("hits/group.html", lambda: _group(*MEMBERS, problem="It is too many.")),
    "group-empty": ("hits/group.html", _group),
    "group-confirm": ("hits/group_confirm.html", lambda: _question(*MEMBERS[:2])),
    "group-confirm-none": ("hits/group_confirm.html", _question),
    "group-done": (
        "hits/group_done.html",
        lambda: _done(Covered(3, (12,), (13,), (("H-14", "Ben works on it"),)), "decided"),
    ),
    "group-undone": (
        "hits/group_done.html",
        lambda: _done(Covered(None, (12, 13), (), ()), "undone"),
    ),
}  # fmt: skip
