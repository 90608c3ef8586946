"""The clock as a job: hits that run out of time are put before the leads."""

from datetime import UTC, datetime

from jobs import runtime
from moderation import escalations


def escalate_late() -> None:
    """Escalate what is at risk."""
    escalations.escalate_late(runtime.current().database, datetime.now(UTC))
