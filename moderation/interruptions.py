"""What a decision ends on a hit: a clock that stands still, a hit that is kept for a lead.

Kept with the decision, so that undoing it brings them back as they were.
"""

from datetime import datetime, timedelta
from typing import Any

from moderation import pauses
from store.hit import Decision, Hit

Ended = dict[str, Any]
"""The columns of Hit that said so, by name, as JSON; only those that said anything."""

MOMENTS = ("escalated_at", "paused_at")
OTHERS = ("escalated_reason", "for_lead", "paused_reason")


def end(hit: Hit, now: datetime) -> Ended:
    """End them; what there was."""
    ended: Ended = {name: getattr(hit, name).isoformat() for name in MOMENTS if getattr(hit, name)}
    ended |= {name: getattr(hit, name) for name in OTHERS if getattr(hit, name)}
    pauses.go_on(hit, now)
    hit.escalated_at = hit.escalated_reason = None
    hit.for_lead = False
    return ended


def bring_back(hit: Hit, decision: Decision) -> None:
    """Let the hit stand as before `decision`, the newest, which is being undone."""
    ended: Ended = decision.ended or {}
    for name in MOMENTS:
        if name in ended:
            setattr(hit, name, datetime.fromisoformat(ended[name]))
    for name in OTHERS:
        if name in ended:
            setattr(hit, name, ended[name])
    if hit.paused_at is not None:
        _take_back(hit, decision.decided_at - hit.paused_at)


def _take_back(hit: Hit, stood: timedelta) -> None:
    """The clock has not gone on yet: pauses.go_on counts this time when it does."""
    hit.due_at -= stood
    hit.at_risk_at -= stood
    hit.urgent_at -= stood
    hit.stood_seconds -= round(stood.total_seconds())
