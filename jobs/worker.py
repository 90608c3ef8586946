"""Worker start-up: a pool of RQ workers on the project's queues, JSON jobs only."""

from typing import Any

from rq.serializers import JSONSerializer
from rq.worker_pool import WorkerPool

from jobs import clock, index, match, outbox, queues, sync

PRELOADED = (clock, index, match, outbox, sync)
"""Imported before the pool forks, so that a job starts in milliseconds."""


def run(redis_url: str, workers: int) -> None:
    """Empty the queues with `workers` processes, in the order of queues.NAMES, until stopped."""
    pool: Any = WorkerPool(
        list(queues.NAMES),
        connection=queues.connect(redis_url),
        num_workers=workers,
        serializer=JSONSerializer,
        queue_class=queues.JsonQueue,
    )
    pool.start(logging_level="WARNING")
