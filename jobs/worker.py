"""Worker start-up: a pool of RQ workers on the project's queues, JSON jobs only."""

from rq.serializers import JSONSerializer
from rq.worker_pool import WorkerPool

from jobs import index, match, outbox, queues, sync

PRELOADED = (index, match, outbox, sync)
"""Imported before the pool forks, so that a job starts in milliseconds."""


def pool(redis_url: str, workers: int) -> WorkerPool:
    """A pool of `workers` processes that empty the queues in the order of queues.NAMES."""
    return WorkerPool(
        list(queues.NAMES),
        connection=queues.connect(redis_url),
        num_workers=workers,
        serializer=JSONSerializer,
        queue_class=queues.JsonQueue,
    )
