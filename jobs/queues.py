"""The queues, in the order in which workers empty them. Jobs are JSON: ids, never objects."""

from typing import Any

from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

DELIVER = "deliver"
MATCH = "match"
SYNC = "sync"
NAMES = (DELIVER, MATCH, SYNC)

KEPT_SECONDS = 3_600  # of a failed job; what it was about stands in the database


class JsonQueue(Queue):
    """RQ's queue with JSON where its default is pickle, which runs what it reads."""

    def __init__(self, name: str = MATCH, *args: Any, **kwargs: Any) -> None:
        kwargs["serializer"] = JSONSerializer
        super().__init__(name, *args, **kwargs)


def connect(url: str) -> Redis:
    """Redis as RQ wants it: bytes in, bytes out, with time-outs on connecting."""
    return Redis.from_url(url, socket_connect_timeout=5, health_check_interval=30)


def enqueue(redis: Redis, queue: str, job: str, *ids: int | str | list[int], timeout: int) -> None:
    """Wake `job` (its dotted name) with `ids`. Raises redis.RedisError if Redis is not there."""
    JsonQueue(queue, connection=redis).enqueue(
        job, *ids, job_timeout=timeout, result_ttl=0, failure_ttl=KEPT_SECONDS
    )
