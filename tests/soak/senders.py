"""Processes that empty the outbox with impatient clients, and die where they are told to.

A nursery process, forked before the soak has threads of its own, has everything imported and
forks one sender after the other. A sender kills itself with SIGKILL at one place of one delivery.
"""

import os
import random
import signal
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from multiprocessing import get_context
from typing import NoReturn

from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from config.settings import Settings
from exchange.connection import Limits
from exchange.ncmec import NcmecClient
from exchange.platform import PlatformClient
from exchange.records import Receipt
from exchange.registry import RegistryClient
from jobs import connections
from jobs.runtime import Runtime, build
from moderation import outbox
from moderation.outbox import Order, Send
from store.source import Source

LIMITS = Limits(connect=0.5, silence=0.5, total=1.0, pauses=())
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # reading the certificates costs each fork 50 ms
ROUND = 20
IDLE_SECONDS = 0.1
FORK = get_context("fork")


class Place(Enum):
    """Between which two steps of a delivery the process ends."""

    BEFORE_THE_MARK = 0
    WHILE_MARKING = 1
    AFTER_THE_MARK = 2
    AFTER_IT_ARRIVED = 3
    WHILE_KEEPING_THE_ANSWER = 4
    AFTER_THE_ANSWER_WAS_KEPT = 5


class Impatient(connections.Senders):
    """The product's senders, with clients that do not wait long."""

    def __init__(self, parts: Runtime) -> None:
        super().__init__(parts)
        url, secret = parts.settings.platform_url, parts.settings.platform_secret
        assert url is not None
        assert secret is not None
        client = PlatformClient(
            url, secret.get_secret_value(), allow_private=True, limits=LIMITS, tls=NO_TLS
        )
        self._platform = self._open.enter_context(client)

    def _registry(self, source_id: int) -> RegistryClient:
        if source_id not in self._registries:
            with self._parts.database.read() as session:
                source = session.get_one(Source, source_id)
            credentials = self._parts.settings.secret(source.secret_name) or ""
            client = NcmecClient(source.base_url, credentials, limits=LIMITS, tls=NO_TLS)
            self._registries[source_id] = self._open.enter_context(client)
        return self._registries[source_id]


Wrap = Callable[[Send], Send]
"""What a twin puts between the outbox and its sender, to plant a fault."""


def as_it_is(send: Send) -> Send:
    """No fault."""
    return send


@dataclass(frozen=True, slots=True)
class Sending:
    """How a soak sends: processes side by side, each of which dies at about every `kill_every`-th
    delivery, or never where that is 0."""

    settings: Settings
    processes: int = 2
    kill_every: int = 0
    wrap: Wrap = as_it_is


class Killed:
    """How many were killed at each place, counted across processes."""

    def __init__(self) -> None:
        self.counts = FORK.Array("i", len(Place))

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.counts[:])

    def places_missed(self) -> tuple[str, ...]:
        """Where none was killed, in words."""
        return tuple(
            f"none was killed {place.name.lower().replace('_', ' ')}"
            for place in Place
            if not self.counts[place.value]
        )


@contextmanager
def sending(how: Sending) -> Iterator[Killed]:
    """Empty the outbox until the block ends."""
    killed = Killed()
    nurseries = [
        FORK.Process(target=_nurse, args=(how, killed, number)) for number in range(how.processes)
    ]
    for nursery in nurseries:
        nursery.start()
    try:
        yield killed
    finally:
        for nursery in nurseries:
            nursery.terminate()
        for nursery in nurseries:
            nursery.join()


def _nurse(how: Sending, killed: Killed, number: int) -> None:
    """Fork a sender, wait for its death, fork the next."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    dice = random.Random(number)
    places = list(Place)
    child = 0

    def end(_signal: int, _frame: object) -> NoReturn:
        if child:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    turn = number
    while True:
        place = places[turn % len(places)] if how.kill_every else None
        nth = dice.randint(1, 2 * how.kill_every - 1) if how.kill_every else 0
        child = os.fork()
        if not child:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            _send_all(how, place, nth)
        _, status = os.waitpid(child, 0)
        child = 0
        if place is None or not os.WIFSIGNALED(status):
            raise SystemExit(f"a sender ended by itself: status {status}")
        with killed.counts.get_lock():
            killed.counts[place.value] += 1
        turn += 1


def _send_all(how: Sending, place: Place | None, nth: int) -> NoReturn:
    parts = build(how.settings)
    sent = 0
    with Impatient(parts) as senders:
        send = how.wrap(senders.send)
        while True:
            ids = _due(parts)
            random.shuffle(ids)  # two processes seldom want the same one
            for delivery_id in ids:
                sent += 1
                _deliver(parts, delivery_id, send, place if sent >= nth else None)
            if not ids:
                time.sleep(IDLE_SECONDS)


def _due(parts: Runtime) -> list[int]:
    now = datetime.now(UTC)
    try:
        return [
            delivery_id
            for destination in outbox.destinations_due(parts.database, now)
            for delivery_id in outbox.due(parts.database, destination, now, ROUND)
        ]
    except SQLAlchemyError:  # the database is away
        return []


def _deliver(parts: Runtime, delivery_id: int, send: Send, place: Place | None) -> None:
    rules = parts.settings.policy.outbox
    clock = _clock
    if place is Place.BEFORE_THE_MARK:
        clock = _die
    elif place is Place.AFTER_THE_MARK:
        send = _die_instead
    elif place is Place.AFTER_IT_ARRIVED:
        send = _die_after(send)
    elif place is Place.WHILE_MARKING:
        event.listen(parts.database.engine, "commit", _die)
    elif place is Place.WHILE_KEEPING_THE_ANSWER:
        send = _die_at_the_next_commit(parts, send)
    delivered = outbox.deliver(parts.database, delivery_id, send, rules, clock)
    if delivered and place is Place.AFTER_THE_ANSWER_WAS_KEPT:
        _die()


def _clock() -> datetime:
    return datetime.now(UTC)


def _die(*_arguments: object) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


def _die_instead(_order: Order) -> Receipt:
    _die()


def _die_after(send: Send) -> Send:
    def sent(order: Order) -> Receipt:
        send(order)
        _die()

    return sent


def _die_at_the_next_commit(parts: Runtime, send: Send) -> Send:
    def sent(order: Order) -> Receipt:
        receipt = send(order)
        event.listen(parts.database.engine, "commit", _die)
        return receipt

    return sent
