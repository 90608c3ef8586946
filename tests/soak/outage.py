"""A registry that is away for a day: a process whose clock jumps, with the product's own job.

The process is forked, so that the jumps are nobody else's. The policy is the one that is shipped.
The platform's receiver runs in it too, because signatures are good for some minutes only.
"""

import os
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path

import time_machine
from sqlalchemy import func, select

from demo.platform import Received, handler
from jobs import outbox as job
from jobs import runtime
from jobs.runtime import Runtime
from moderation import outbox
from moderation.outbox import OPEN_STATES
from moderation.people import Identity
from store.delivery import Delivery, Destination
from tests.soak.installation import Installation
from tests.soak.people import Made, Workforce
from tests.soak.proxy import Exchange, Proxy
from tests.soak.senders import FORK
from tests.soak.template import Addresses

TICK = timedelta(seconds=5)  # jobs/cron.py
WINDOW_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Outage:
    """What people decided, how many tries failed while nobody answered, and what was wrong."""

    made: tuple[Made, ...]
    failed: int
    wrong: tuple[str, ...]


def outage(installation: Installation, decisions: int, hours: int) -> Outage:
    """Let people decide through so many hours without the registry; send all when it is back."""
    installation.parts.database.close()
    here, there = FORK.Pipe()
    process = FORK.Process(target=_live, args=(installation, decisions, hours, there))
    process.start()
    there.close()
    try:
        found = here.recv()
    except EOFError:
        raise RuntimeError("the process of the simulated day died; its fault is above") from None
    finally:
        process.join()
    assert isinstance(found, Outage)
    return found


def _live(installation: Installation, decisions: int, hours: int, tell: Connection) -> None:
    try:
        os.environ.update({**installation.environ, "POLICY_FILES": ""})
        parts = runtime.current()
        people = Workforce(
            parts.database,
            parts.settings.policy,
            installation.template.hit_ids,
            installation.template.registry_reasons,
        )
        with time_machine.travel(datetime.now(UTC), tick=True) as clock:
            day = _Day(parts, people, installation.template.people, clock)
            with _platform(parts, installation.folder, installation.template.addresses):
                failed = day.without_registry(decisions, hours)
                heard = day.back_again(installation.template.addresses)
        tell.send(Outage(people.all_made, failed, _wrong(parts, hours, failed, heard)))
    except BaseException:  # noqa: BLE001 - a fork's traceback is lost otherwise
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)


class _Day:
    """The simulated time: passes of the outbox, as cron wakes them, and jumps over idleness."""

    def __init__(
        self,
        parts: Runtime,
        people: Workforce,
        staff: Sequence[Identity],
        clock: time_machine.Traveller,
    ) -> None:
        self._parts, self._people, self._staff, self._clock = parts, people, staff, clock

    def without_registry(self, decisions: int, hours: int) -> int:
        """Hours with decisions in each of them; how often the registry was tried."""
        begun = _now()
        for hour in range(hours):
            while len(self._people.made) < decisions * (hour + 1) / hours:
                self._people.step(self._staff[len(self._people.made) % len(self._staff)])
            self._until(begun + timedelta(hours=hour + 1))
        with self._parts.database.read() as session:
            query = select(func.sum(Delivery.attempts)).where(Delivery.source_id.is_not(None))
            return session.scalar(query) or 0

    def back_again(self, addresses: Addresses) -> list[float]:
        """Until nothing is left; when each message reached the registry (simulated seconds)."""
        heard: list[float] = []

        def listen(exchange: Exchange, _number: int) -> None:
            heard.append(time.time())
            exchange.answer(exchange.upstream())

        proxy = Proxy(addresses.before_registry, addresses.registry, listen, every=1, burst=1)
        with proxy.listening():
            while (moment := self._next()) is not None:
                self._until(max(moment, _now()) + TICK)  # what is long due comes in rounds
        return heard

    def _until(self, moment: datetime) -> None:
        """Deliver what is due until then, jumping from one wake-up to the next."""
        while (now := _now()) < moment:
            due = outbox.destinations_due(self._parts.database, now)
            for destination in due:
                job.deliver_to(destination)
            if not due:
                following = self._next() or moment
                self._clock.shift(max(min(following, moment) - _now(), TICK))

    def _next(self) -> datetime | None:
        """When something may be sent next; None when nothing is left."""
        query = (
            select(Delivery, Destination.retry_at)
            .outerjoin(Destination, Destination.name == Delivery.destination)
            .where(Delivery.state.in_(OPEN_STATES))
            .order_by(Delivery.id.desc())
        )
        with self._parts.database.read() as session:
            first = {
                (row.destination, row.subject): max(row.next_attempt_at, retry_at or row.created_at)
                for row, retry_at in session.execute(query)
            }
        return min(first.values(), default=None)


def _wrong(parts: Runtime, hours: int, failed: int, heard: list[float]) -> tuple[str, ...]:
    rules = parts.settings.policy.outbox
    wrong = []
    few = round(hours * 3_600 / rules.circuit_longest_seconds * 1.1) + 20
    if failed > few:
        wrong.append(f"{failed} tries while it was away, more than {few}")
    most = rules.per_minute / 60 * WINDOW_SECONDS + 1
    busiest = max(
        (sum(at <= other < at + WINDOW_SECONDS for other in heard) for at in heard), default=0
    )
    if busiest > most:
        wrong.append(f"{busiest} messages within {WINDOW_SECONDS} seconds, more than {most:.0f}")
    return tuple(wrong)


@contextmanager
def _platform(parts: Runtime, folder: Path, addresses: Addresses) -> Iterator[None]:
    """The demo's receiver in this process, where the proxy of the platform listens otherwise."""
    secret = parts.settings.platform_secret
    assert secret is not None
    received = Received(folder / "demo" / "platform.jsonl")
    serve = handler(secret.get_secret_value(), received)
    server = ThreadingHTTPServer(("127.0.0.1", addresses.before_platform), serve)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def _now() -> datetime:
    return datetime.now(UTC)
