"""Wake-ups from the console and from job to job. A lost one costs time, never work."""

import logging
from collections.abc import Sequence

from redis import Redis, RedisError

from jobs.queues import DELIVER, MATCH, SYNC, connect, enqueue

log = logging.getLogger(__name__)

BATCH = 500  # ids in one job


class Wake:
    """Puts jobs into the queues, and swallows only this: that Redis is not there."""

    def __init__(self, redis_url: str) -> None:
        self.redis: Redis = connect(redis_url)

    def content_taken(self, content_ids: Sequence[int]) -> None:
        """Content arrived and wants matching."""
        for start in range(0, len(content_ids), BATCH):
            ids = list(content_ids[start : start + BATCH])
            self._enqueue(MATCH, "jobs.match.match_content", ids, timeout=600)

    def deliveries_planned(self) -> None:
        """A decision put deliveries into the outbox."""
        self._enqueue(DELIVER, "jobs.outbox.deliver_due", timeout=60)

    def deliver_to(self, destination: str) -> None:
        """Something is due for this destination."""
        self._enqueue(DELIVER, "jobs.outbox.deliver_to", destination, timeout=300)

    def sync(self, source_id: int) -> None:
        """A source is to be read now."""
        self._enqueue(SYNC, "jobs.sync.sync_source", source_id, timeout=3_600)

    def list_changed(self) -> None:
        """Entries came or went; a new index version is wanted."""
        self._enqueue(MATCH, "jobs.index.refresh_index", timeout=1_800)

    def sweep(self, sweep_id: int) -> None:
        """Stored content is to be held against what is new on the list."""
        self._enqueue(SYNC, "jobs.match.sweep", sweep_id, timeout=3_600)

    def reachable(self) -> bool:
        """Whether the queues can be reached now."""
        try:
            return bool(self.redis.ping())
        except RedisError:
            return False

    def _enqueue(self, queue: str, job: str, *ids: int | str | list[int], timeout: int) -> None:
        try:
            enqueue(self.redis, queue, job, *ids, timeout=timeout)
        except RedisError:
            log.warning("Redis is not there: %s waits for the periodic pass", job)
