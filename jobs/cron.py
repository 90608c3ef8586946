"""The cron table, and RQ's scheduler with JSON jobs."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

from redis import Redis, RedisError
from rq.cron import CronJob, CronScheduler

from config.policy import Policy
from jobs import clock, index, match, outbox, sync
from jobs.queues import DELIVER, KEPT_SECONDS, MATCH, SYNC, JsonQueue

log = logging.getLogger(__name__)

AWAY_SECONDS = 2.0  # between two looks for a Redis that is away
LOOK = 200  # waiting jobs that are looked at; behind more than these, one more does no harm


class Line(NamedTuple):
    """One line of the table: what runs, in which queue, how often, for how long at most."""

    job: Callable[[], None]
    queue: str
    every_seconds: int
    timeout: int


def table(policy: Policy) -> list[Line]:
    """Everything that runs by the clock. Each finds work in the database, so none may be lost."""
    return [
        Line(outbox.deliver_due, DELIVER, 5, 60),
        Line(match.match_pending, MATCH, 30, 1_800),
        Line(clock.escalate_late, MATCH, 60, 600),
        Line(sync.sync_all, SYNC, policy.sync_minutes * 60, 60),
        Line(index.refresh_index, MATCH, 60, 1_800),
        Line(match.resume_sweeps, SYNC, 300, 3_600),
        Line(index.fold_index, SYNC, 6 * 3_600, 3_600),
    ]


class JsonCron(CronScheduler):
    """RQ's scheduler; its own `enqueue` would write pickles into the queues.

    RQ's ends when Redis goes away, or is not there yet; this one waits for it.
    """

    def register_birth(self) -> None:
        """Tell RQ's monitors that it began, if Redis is there; else the first heartbeat does."""
        with suppress(RedisError):
            super().register_birth()

    def register_death(self, pipeline: Any = None) -> None:
        """Tell RQ's monitors that it ends, if Redis is there; else they find out."""
        with suppress(RedisError):
            super().register_death(pipeline)

    def enqueue_jobs(self) -> list[CronJob]:
        """Enqueue what is due, as JSON, unless an earlier run of it still waits in its queue."""
        try:
            return self._enqueue_due()
        except RedisError:
            log.warning("Redis is not there: the cron table waits for it")
            time.sleep(AWAY_SECONDS)
            return []

    def save(self, pipeline: Any = None) -> None:
        """Tell RQ's monitors what is planned, if Redis is there."""
        with suppress(RedisError):
            super().save(pipeline)

    def heartbeat(self) -> None:
        """Tell RQ's monitors that it lives, if Redis is there."""
        with suppress(RedisError):
            super().heartbeat()

    def _enqueue_due(self) -> list[CronJob]:
        due = [job for job in self.get_jobs() if job.should_run()]
        for job in due:
            queue = JsonQueue(job.queue_name, connection=self.connection)
            if job.func_name not in {waiting.func_name for waiting in queue.get_jobs(0, LOOK)}:
                queue.enqueue(job.func_name, **job.job_options)
            job.set_enqueue_time(datetime.now(UTC))
        return due


def run(redis: Redis, policy: Policy) -> None:
    """Enqueue what the table says, when it says so, until stopped."""
    cron: Any = JsonCron(redis, logging_level="WARNING")
    for line in table(policy):
        cron.register(
            line.job,
            line.queue,
            interval=line.every_seconds,
            job_timeout=line.timeout,
            result_ttl=0,
            failure_ttl=KEPT_SECONDS,
        )
    cron.start()
