"""Steps 3 and 4 as jobs: match content, and find what a lost wake-up left behind."""

from datetime import UTC, datetime

from jobs import runtime
from jobs.wake import BATCH
from moderation import passes, sweeps

PENDING_AT_ONCE = 10_000
HELPERS = 4  # jobs that share one sweep


def match_content(content_ids: list[int]) -> None:
    """Match these items and queue what is found."""
    parts = runtime.current()
    policy = parts.settings.policy
    passes.match_whole(parts.database, parts.index, policy, content_ids, datetime.now(UTC))


def match_pending() -> None:
    """Match what nobody matched."""
    parts = runtime.current()
    pending = passes.pending_content(parts.database, PENDING_AT_ONCE)
    for start in range(0, len(pending), BATCH):
        match_content(pending[start : start + BATCH])


def sweep(sweep_id: int) -> None:
    """Hold stored content against what is new on the list, until no chunk is free.

    Woken once for each worker that may help; they share the chunks.
    """
    parts = runtime.current()
    policy = parts.settings.policy
    while sweeps.sweep_next(parts.database, parts.index, policy, sweep_id, datetime.now(UTC)):
        pass
    sweeps.tidy(parts.database, parts.index)


def resume_sweeps() -> None:
    """Wake sweeps that are open: new ones, and those whose workers died."""
    parts = runtime.current()
    for sweep_id in sweeps.open_sweeps(parts.database):
        for _ in range(HELPERS):
            parts.wake.sweep(sweep_id)
