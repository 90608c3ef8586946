"""Step 7 as jobs: one job for each destination that something is due for."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from redis import RedisError
from redis.exceptions import LockError

from jobs import connections, runtime
from jobs.runtime import Runtime
from moderation import outbox

log = logging.getLogger(__name__)

ROUND = 100
LOCK_SECONDS = 280


def deliver_due() -> None:
    """Wake one job for each destination that something is due for.

    Each destination has its own, so that a registry that hangs holds up nobody else.
    """
    parts = runtime.current()
    for destination in outbox.destinations_due(parts.database, datetime.now(UTC)):
        parts.wake.deliver_to(destination)


def deliver_to(destination: str) -> None:
    """Send what is due for one destination, one after the other, unless that is being done.

    At the destination's pace: one that was away for a day is not flooded when it comes back.
    """
    parts = runtime.current()
    with _alone(parts, destination) as alone:
        if not alone:
            return
        _deliver_all(parts, destination)
    if destination in outbox.destinations_due(parts.database, _now()):
        parts.wake.deliver_to(destination)


def _deliver_all(parts: Runtime, destination: str) -> None:
    rules = parts.settings.policy.outbox
    pace = 60 / rules.per_minute
    with connections.Senders(parts) as senders:
        for delivery_id in outbox.due(parts.database, destination, _now(), ROUND):
            started = time.monotonic()
            arrived = outbox.deliver(parts.database, delivery_id, senders.send, rules, _now)
            if not arrived and not outbox.due(parts.database, destination, _now(), 1):
                break  # it is left alone from here on: the worker is for others
            time.sleep(max(0.0, pace - (time.monotonic() - started)))


@contextmanager
def _alone(parts: Runtime, destination: str) -> Iterator[bool]:
    """Whether nobody else sends to this destination now.

    Only saves work: two senders at once are held apart by the mark in the database, so that
    without Redis the answer is yes.
    """
    lock = parts.wake.redis.lock(f"deliver:{destination}", timeout=LOCK_SECONDS, blocking=False)
    try:
        held = lock.acquire()
    except RedisError:
        yield True
        return
    try:
        yield held
    finally:
        if held:
            try:
                lock.release()
            except (LockError, RedisError):
                log.info("the lock for %s had run out", destination)


def _now() -> datetime:
    return datetime.now(UTC)
