"""A party that does not answer is left alone, costs nobody else, and is not flooded afterwards."""

from datetime import timedelta

import pytest

from exchange.errors import ExchangeError, Refused, Unavailable
from exchange.records import Receipt
from moderation import circuit, outbox
from moderation.circuit import Circuit
from moderation.outbox import Order, Send
from tests.moderation.outcomes import REGISTRY, refused, rows, rule, unavailable
from tests.world import World


@pytest.fixture
def waiting(world: World) -> World:
    """Six votes for one registry, due now, and a policy that gives up nothing soon."""
    for _ in range(6):
        world.decide(world.hit(distance=3), "confirm")
    world.later(minutes=10)
    return world


def _circuit(world: World, name: str = REGISTRY) -> Circuit:
    with world.database.read() as session:
        return circuit.of(session, name, world.now)


def _due(world: World) -> list[int]:
    return outbox.due(world.database, REGISTRY, world.now)


def _wait(world: World, name: str = REGISTRY) -> timedelta:
    at = _circuit(world, name).retry_at
    return at - world.now if at else timedelta(0)


class Busy:
    """A party that answers every order in the same way and counts them."""

    def __init__(self, error: ExchangeError | None = None) -> None:
        self.error = error
        self.asked = 0

    def __call__(self, _order: Order) -> Receipt:
        self.asked += 1
        if self.error:
            raise self.error
        return Receipt(200)


def test_one_that_nothing_was_sent_to_is_closed(world: World) -> None:
    assert _circuit(world) == Circuit(REGISTRY, 0, None, False, "", None, None)
    assert not _circuit(world).open


def test_after_some_failures_in_a_row_nothing_more_is_sent(waiting: World) -> None:
    away = Busy(Unavailable("connection refused"))
    waiting.deliver(away)
    assert away.asked == waiting.policy.outbox.circuit_failures
    found = _circuit(waiting)
    assert (found.open, found.failures, found.error) == (True, 3, "connection refused")
    assert (found.failed_at, found.answered_at) == (waiting.now, None)
    assert _wait(waiting) == timedelta(seconds=waiting.policy.outbox.first_retry_seconds)
    assert _due(waiting) == []
    assert REGISTRY not in outbox.destinations_due(waiting.database, waiting.now)


def test_a_round_that_is_under_way_stops_too(waiting: World) -> None:
    ids, away = _due(waiting), Busy(Unavailable("no answer"))
    for delivery_id in ids:
        outbox.deliver(waiting.database, delivery_id, away, waiting.policy.outbox, waiting.clock)
    assert (len(ids), away.asked) == (6, 3)
    assert [row.attempts for row in rows(waiting)] == [1, 1, 1, 0, 0, 0], "those keep their tries"


def test_then_one_tries_and_the_wait_doubles_up_to_its_bound(waiting: World) -> None:
    rules = waiting.policy.outbox
    waiting.deliver(unavailable)
    waits = []
    for _ in range(8):
        waits.append(_wait(waiting).total_seconds())
        waiting.now += _wait(waiting)
        assert (_circuit(waiting).trying, len(_due(waiting))) == (True, 1)
        away = Busy(Unavailable("still away"))
        waiting.deliver(away)
        assert away.asked == 1
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300]
    assert waits[-1] == rules.circuit_longest_seconds


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_its_first_answer_whatever_it_says_closes_the_circuit(waiting: World, answer: str) -> None:
    waiting.deliver(unavailable)
    waiting.later(minutes=10)
    (first,) = _due(waiting)
    send = Busy() if answer == "yes" else refused
    outbox.deliver(waiting.database, first, send, waiting.policy.outbox, waiting.clock)
    found = _circuit(waiting)
    assert (found.failures, found.retry_at, found.error) == (0, None, "")
    assert (found.answered_at, len(_due(waiting))) == (waiting.now, 5)


def test_a_refusal_is_about_the_message_and_not_about_the_party(waiting: World) -> None:
    no = Busy(Refused("unknown entry", status=404))
    waiting.deliver(no)
    assert (no.asked, _circuit(waiting).open) == (6, False)


def test_failures_count_only_in_a_row(waiting: World) -> None:
    answers: list[Send] = [unavailable, unavailable, Busy()] * 2
    for delivery_id, send in zip(_due(waiting), answers, strict=True):
        outbox.deliver(waiting.database, delivery_id, send, waiting.policy.outbox, waiting.clock)
    assert not _circuit(waiting).open


@pytest.mark.parametrize(("asked", "waits"), [(2.0, 2.0), (7_200.0, 7_200.0)])
def test_whoever_asks_to_be_left_alone_is_left_alone_at_once(
    waiting: World, asked: float, waits: float
) -> None:
    busy = Busy(Unavailable("429", status=429, retry_after=asked))
    rule(waiting, "outbox", first_retry_seconds=1)
    waiting.deliver(busy)
    assert busy.asked == 1
    assert _wait(waiting) == timedelta(seconds=waits)


def test_a_dead_registry_costs_nobody_else(world: World) -> None:
    for _ in range(4):
        world.decide(world.hit(), "remove")
    world.later(minutes=10)

    def send(order: Order) -> Receipt:
        if order.source_id is not None:
            raise Unavailable("no route")
        return Receipt(200)

    world.deliver(send)
    assert {row.state for row in rows(world, "platform")} == {"cancelled", "delivered"}
    assert {row.state for row in rows(world, REGISTRY)} == {"waiting"}
    with world.database.read() as session:
        standing = circuit.standing(session, world.now)
    assert {name: one.open for name, one in standing.items()} == {
        "platform": False,
        REGISTRY: True,
    }


def test_a_person_who_sends_again_closes_it(waiting: World) -> None:
    first = _due(waiting)[0]
    outbox.deliver(waiting.database, first, refused, waiting.policy.outbox, waiting.clock)
    waiting.deliver(unavailable)
    assert _circuit(waiting).open
    with waiting.database.write() as session:
        outbox.retry(session, first, "person:lena", waiting.now)
    assert not _circuit(waiting).open
    assert first in _due(waiting)


def test_a_registry_that_is_down_for_a_day_gets_everything_in_the_end_each_once(
    waiting: World,
) -> None:
    """Its day costs few tries; nothing is given up, and order per entry holds as ever."""
    end, tries = waiting.now + timedelta(days=1), 0
    while waiting.now < end:
        away = Busy(Unavailable("no route"))
        waiting.deliver(away)
        tries += away.asked
        waiting.now += max(_wait(waiting), timedelta(seconds=30))
    assert tries <= 24 * 60 * 60 / waiting.policy.outbox.circuit_longest_seconds + 20
    heard: list[str] = []

    def back(order: Order) -> Receipt:
        heard.append(order.idempotency_key)
        return Receipt(200)

    for _ in range(3):
        waiting.deliver(back)
        waiting.later(hours=1, minutes=30)
    assert {row.state for row in rows(waiting)} == {"delivered"}
    assert sorted(heard) == sorted(row.idempotency_key for row in rows(waiting))
