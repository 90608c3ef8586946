"""The cron table goes on when Redis does not."""

import pytest
from redis import Redis, RedisError
from rq.cron import CronScheduler
from rq.job import Job

from config.policy import Policy, load_policy
from config.settings import SHIPPED_POLICY
from jobs import cron, queues
from jobs.cron import JsonCron


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Redis that is away is looked for again at once."""
    monkeypatch.setattr(cron, "AWAY_SECONDS", 0.0)


def _policy() -> Policy:
    return load_policy([SHIPPED_POLICY])


def _scheduler(redis: Redis) -> JsonCron:
    """The scheduler with the whole table."""
    made = JsonCron(redis, logging_level="WARNING")
    for line in cron.table(_policy()):
        made.register(line.job, line.queue, interval=line.every_seconds)
    return made


def test_everything_in_the_table_is_enqueued_as_json_once(redis_url: str) -> None:
    redis = queues.connect(redis_url)
    _scheduler(redis).enqueue_jobs()
    _scheduler(redis).enqueue_jobs()  # a second cron, or one that was started again
    found: list[Job] = [
        job for name in queues.NAMES for job in queues.JsonQueue(name, connection=redis).get_jobs()
    ]
    names = [f"{line.job.__module__}.{line.job.__name__}" for line in cron.table(_policy())]
    assert sorted(str(job.func_name) for job in found) == sorted(names)


def test_a_redis_that_is_away_is_waited_for(redis_url: str) -> None:
    away, here = queues.connect("redis://127.0.0.1:1/0"), queues.connect(redis_url)
    made = _scheduler(away)
    made.register_birth()
    assert made.enqueue_jobs() == []
    made.save()
    made.heartbeat()
    made.connection = here
    assert len(made.enqueue_jobs()) == len(cron.table(_policy()))
    made.heartbeat()
    assert [one.name for one in CronScheduler.all(here)] == [made.name]
    made.connection = away
    made.register_death()


def test_rqs_own_scheduler_would_end() -> None:
    """What the one above is there for."""
    made = CronScheduler(queues.connect("redis://127.0.0.1:1/0"), logging_level="WARNING")
    for told in (made.register_birth, made.heartbeat, made.register_death):
        with pytest.raises(RedisError):
            told()
