"""Steps 3 and 4 as jobs: match content, and find what a lost wake-up left behind."""

from datetime import UTC, datetime

from jobs import runtime
from jobs.wake import BATCH
from moderation import passes

PENDING_AT_ONCE = 10_000


def match_content(content_ids: list[int]) -> None:
    """Match these items and queue what is found."""
    parts = runtime.current()
    policy = parts.settings.policy
    passes.match_content(parts.database, parts.index, policy, content_ids, datetime.now(UTC))


def match_pending() -> None:
    """Match what nobody matched."""
    parts = runtime.current()
    pending = passes.pending_content(parts.database, PENDING_AT_ONCE)
    for start in range(0, len(pending), BATCH):
        match_content(pending[start : start + BATCH])


def sweep(sweep_id: int) -> None:
    """Hold stored content against what is new on the list, chunk by chunk to the end."""
    parts = runtime.current()
    policy = parts.settings.policy
    while passes.sweep_chunk(parts.database, parts.index, policy, sweep_id, datetime.now(UTC)):
        pass


def resume_sweeps() -> None:
    """Go on with sweeps that were interrupted."""
    for sweep_id in passes.open_sweeps(runtime.current().database):
        sweep(sweep_id)
