"""Figures for leads."""

from datetime import UTC, datetime

from flask import Blueprint, render_template

from console.access import requires
from console.parts import parts
from moderation import metrics
from moderation.attention import attention
from moderation.permissions import Permission

blueprint = Blueprint("metrics", __name__, url_prefix="/figures")


@blueprint.get("")
@requires(Permission.SEE_METRICS)
def show() -> str:
    """What waits, what was decided, and how the clock was kept."""
    with parts().database.read() as rows:
        now = datetime.now(UTC)
        return render_template(
            "metrics/metrics.html",
            figures=metrics.figures(rows, now),
            attention=attention(rows, now),
        )
