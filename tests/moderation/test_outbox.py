"""What was planned arrives: in order, again after a death, given up where everybody sees it."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from config.policy import Outbox
from exchange.errors import Refused, Unavailable
from exchange.records import Receipt
from matching.fingerprint import Algorithm, Fingerprint
from moderation import audit, decisions, outbox
from moderation.content import Print
from moderation.outbox import Order, RetryRefused
from store.delivery import Delivery
from store.hit import Decision, Hit
from tests.world import World, choice, near, pdq, record

ROOT = Path(__file__).resolve().parents[2]
REGISTRY, PLATFORM = "registry:Take It Down", "platform"


class Killed(BaseException):
    """The process ends here."""


def _unavailable(_order: Order) -> Receipt:
    raise Unavailable("503", status=503)


def _refused(_order: Order) -> Receipt:
    raise Refused("unknown entry", status=404)


def _accepted(_order: Order) -> Receipt:
    return Receipt(200)


def _killed(_order: Order) -> Receipt:
    raise Killed


def _rows(world: World) -> list[Delivery]:
    with world.database.read() as session:
        return list(session.scalars(select(Delivery).order_by(Delivery.id)))


def _states(world: World) -> list[str]:
    return [row.state for row in _rows(world)]


def _told(world: World) -> list[str]:
    with world.database.read() as session:
        lines = list(audit.lines(session))
    return [line.action for line in lines if line.action.startswith("delivery.")]


def _send(world: World, send: outbox.Send, delivery_id: int = 1) -> bool:
    return outbox.deliver(world.database, delivery_id, send, world.policy.outbox, world.clock)


def _due(world: World, destination: str = REGISTRY) -> list[int]:
    return outbox.due(world.database, destination, world.now)


def _noting(note: Callable[[Order], None]) -> outbox.Send:
    """A sender that takes note and is answered."""

    def send(order: Order) -> Receipt:
        note(order)
        return Receipt(202, "taken")

    return send


def _hit_on(world: World, value: bytes) -> int:
    """One more hit on the entry that lists `value`."""
    world.post(Print(Fingerprint(Algorithm.PDQ, near(value, 3)), 90))
    with world.database.read() as session:
        return session.scalars(select(Hit.id).where(Hit.state == "open")).one()


def _votes_on_one_entry(world: World, *verdicts: str) -> None:
    """A hit for each verdict, all on one entry, decided one after the other."""
    value = pdq()
    world.list_entries(record(value))
    for verdict in verdicts:
        world.decide(_hit_on(world, value), verdict)
    world.later(seconds=600)


@pytest.fixture
def vote(world: World) -> int:
    """One delivery, number 1, due now: a vote for the registry."""
    world.decide(world.hit(distance=3), "confirm")
    world.later(seconds=600)
    return 1


# --- when, and in which order


def test_nothing_leaves_before_its_time(world: World) -> None:
    world.decide(world.hit(distance=3), "remove")
    assert outbox.destinations_due(world.database, world.now) == [PLATFORM]
    assert (_due(world, PLATFORM), _due(world)) == ([2], [])
    assert not _send(world, _accepted)
    world.later(seconds=600)
    assert outbox.destinations_due(world.database, world.now) == [PLATFORM, REGISTRY]
    assert _due(world) == [1]


def test_about_one_subject_the_older_goes_first_and_holds_the_newer_back(world: World) -> None:
    """Two hits on one entry, decided one after the other: the later word must arrive last."""
    _votes_on_one_entry(world, "confirm", "dispute")
    assert _due(world) == [1]
    _send(world, _unavailable)
    assert _due(world) == [], "not even while the older one waits for its next try"
    assert REGISTRY not in outbox.destinations_due(world.database, world.now)
    world.later(hours=1)
    _send(world, _accepted)
    assert [row.id for row in _rows(world) if row.id in _due(world)] == [2]


def test_one_that_was_given_up_holds_nothing_back(world: World) -> None:
    _votes_on_one_entry(world, "confirm", "confirm")
    _send(world, _refused)
    assert _due(world) == [2]


def test_a_round_is_bounded(world: World) -> None:
    for _ in range(3):
        world.decide(world.hit(distance=3), "confirm")
    world.later(seconds=600)
    assert outbox.due(world.database, REGISTRY, world.now, limit=2) == [1, 2]


# --- how it goes


def test_what_was_accepted_is_delivered_and_logged(world: World, vote: int) -> None:
    orders: list[Order] = []
    assert _send(world, _noting(orders.append), vote)
    (row,), (order,) = _rows(world), orders
    assert (row.state, row.delivered_at, row.attempts) == ("delivered", world.now, 1)
    assert (row.answer_status, row.answer) == (202, "taken")
    assert (order.idempotency_key, order.body) == (row.idempotency_key, row.body)
    assert (order.created_at, order.source_id) == (row.created_at, 1)
    assert _told(world) == ["delivery.delivered"]
    assert not _send(world, _noting(orders.append), vote)
    assert len(orders) == 1


def test_a_side_that_is_away_is_tried_again_later(world: World, vote: int) -> None:
    assert not _send(world, _unavailable, vote)
    (row,) = _rows(world)
    wait = row.next_attempt_at - world.now
    assert (row.state, row.answer_status, row.answer) == ("waiting", 503, "503")
    assert timedelta(seconds=4) <= wait <= timedelta(seconds=6)
    assert _told(world) == []


def test_a_wish_to_be_left_alone_is_granted(world: World, vote: int) -> None:
    def busy(_order: Order) -> Receipt:
        raise Unavailable("429", status=429, retry_after=7_200)

    _send(world, busy, vote)
    assert _rows(world)[0].next_attempt_at == world.now + timedelta(hours=2)


def test_a_refusal_is_given_up_at_once_and_shown(world: World, vote: int) -> None:
    assert not _send(world, _refused, vote)
    (row,) = _rows(world)
    assert (row.state, row.answer_status, row.answer) == ("given-up", 404, "unknown entry")
    assert _told(world) == ["delivery.given-up"]


def test_after_so_many_tries_it_is_given_up(world: World, vote: int) -> None:
    for _ in range(world.policy.outbox.attempts):
        assert _states(world) == ["waiting"]
        _send(world, _unavailable, vote)
        world.later(hours=2)
    (row,) = _rows(world)
    assert (row.state, row.attempts) == ("given-up", world.policy.outbox.attempts)
    assert _told(world) == ["delivery.given-up"]


RULES = st.builds(
    Outbox,
    first_retry_seconds=st.floats(0.1, 60),
    longest_retry_seconds=st.floats(60, 86_400),
    attempts=st.just(30),
    sending_seconds=st.just(60),
    circuit_failures=st.just(3),
    circuit_longest_seconds=st.just(60),
    per_minute=st.just(600),
)


@given(RULES, st.integers(1, 10_000), st.none() | st.floats(0, 86_400))
def test_the_wait_doubles_within_bounds_and_is_never_shorter_than_asked(
    rules: Outbox, attempts: int, asked: float | None
) -> None:
    wait = outbox.backoff(attempts, rules, asked).total_seconds()
    doubled = min(
        rules.first_retry_seconds * 2 ** min(attempts - 1, 60), rules.longest_retry_seconds
    )
    at_least, at_most = doubled * (1 - outbox.JITTER), doubled * (1 + outbox.JITTER)
    assert max(at_least, asked or 0) <= wait + 1e-3
    assert wait <= max(at_most, asked or 0) + 1e-3


# --- a death in between


def test_whoever_dies_while_sending_is_followed_by_another_sending(world: World, vote: int) -> None:
    keys: list[str] = []
    with pytest.raises(Killed):
        _send(world, _killed, vote)
    assert _states(world) == ["sending"]
    assert _due(world) == [], "it may still be under way"
    world.later(seconds=world.policy.outbox.sending_seconds)
    assert _due(world) == [vote]
    _send(world, _noting(lambda order: keys.append(order.idempotency_key)), vote)
    (row,) = _rows(world)
    assert (row.state, row.attempts) == ("delivered", 2)
    assert keys == [row.idempotency_key]


def test_whoever_dies_before_the_answer_is_kept_sends_the_same_again(
    world: World, vote: int
) -> None:
    """The other side hears it twice, under one key: the effect is that of once."""
    keys: list[str] = []

    def heard(order: Order) -> None:
        keys.append(order.idempotency_key)

    def dies_at_the_second_look(count: list[int]) -> Callable[[], object]:
        def clock() -> object:
            count.append(1)
            if len(count) == 2:
                raise Killed
            return world.now

        return clock

    with pytest.raises(Killed):
        outbox.deliver(
            world.database,
            vote,
            _noting(heard),
            world.policy.outbox,
            dies_at_the_second_look([]),  # type: ignore[arg-type]
        )
    assert _states(world) == ["sending"]
    world.later(seconds=world.policy.outbox.sending_seconds)
    world.deliver(_noting(heard))
    assert _states(world) == ["delivered"]
    assert len(keys) == 2
    assert len(set(keys)) == 1


def test_a_fault_of_ours_is_retried_and_at_last_given_up(world: World, vote: int) -> None:
    def broken(_order: Order) -> Receipt:
        raise KeyError("entry_id")

    for _ in range(world.policy.outbox.attempts):
        with pytest.raises(KeyError):
            _send(world, broken, vote)
        world.later(seconds=world.policy.outbox.sending_seconds)
    assert not _send(world, broken, vote)
    (row,) = _rows(world)
    assert (row.state, row.answer) == ("given-up", "no sending of it was ever ended")
    assert _told(world) == ["delivery.given-up"]


@pytest.mark.parametrize("late", [_unavailable, _refused, _accepted])
def test_an_answer_that_comes_after_its_mark_ran_out_changes_nothing(
    world: World, vote: int, late: outbox.Send
) -> None:
    """A sender that hung while another took over. What it learnt may no longer be so."""

    def hangs(order: Order) -> Receipt:
        world.later(seconds=world.policy.outbox.sending_seconds)
        _send(world, _unavailable if late is not _unavailable else _refused, vote)
        return late(order)

    assert not _send(world, hangs, vote)
    (row,) = _rows(world)
    assert row.state == ("waiting" if late is not _unavailable else "given-up")
    assert row.attempts == 2


KILLED = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from config.policy import load_policy
from config.settings import SHIPPED_POLICY
from moderation import outbox
from store.database import Database

def send(order):
    os.kill(os.getpid(), signal.SIGKILL)

now = datetime.fromisoformat(sys.argv[2])
outbox.deliver(Database(sys.argv[1]), 1, send, load_policy([SHIPPED_POLICY]).outbox, lambda: now)
"""


def test_a_process_that_is_killed_while_sending_loses_nothing(world: World, vote: int) -> None:
    command = [sys.executable, "-c", KILLED, world.database.url, world.now.isoformat()]
    done = subprocess.run(command, cwd=ROOT, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert _states(world) == ["sending"]
    world.later(seconds=world.policy.outbox.sending_seconds)
    world.deliver()
    assert (_states(world), _rows(world)[0].id) == (["delivered"], vote)


def test_of_many_senders_one_sends(world: World, vote: int) -> None:
    sent: list[int] = []
    senders = [
        threading.Thread(
            target=_send, args=(world, _noting(lambda order: sent.append(order.id)), vote)
        )
        for _ in range(5)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sent == [vote]
    assert _told(world) == ["delivery.delivered"]


# --- a person tries again


def _retry(world: World, delivery_id: int) -> None:
    with world.database.write() as session:
        outbox.retry(session, delivery_id, "person:lena", world.now)


def test_what_was_given_up_starts_over_when_a_person_says_so(world: World, vote: int) -> None:
    _send(world, _refused, vote)
    world.later(days=2)
    _retry(world, vote)
    (row,) = _rows(world)
    assert (row.state, row.attempts, row.next_attempt_at) == ("waiting", 0, world.now)
    world.deliver()
    assert _states(world) == ["delivered"]
    assert _told(world) == ["delivery.given-up", "delivery.retried", "delivery.delivered"]


def test_only_what_was_given_up_can_be_tried_again(world: World, vote: int) -> None:
    with pytest.raises(RetryRefused, match="given up"):
        _retry(world, vote)
    world.deliver()
    with pytest.raises(RetryRefused, match="given up"):
        _retry(world, vote)
    with pytest.raises(RetryRefused, match="given up"):
        _retry(world, 404)


def test_what_a_later_word_has_overtaken_is_not_said_any_more(world: World) -> None:
    _votes_on_one_entry(world, "confirm", "dispute")
    _send(world, _refused, 1)
    with pytest.raises(RetryRefused, match="overtaken"):
        _retry(world, 1)


def test_what_the_same_decision_says_besides_overtakes_nothing(world: World) -> None:
    """A removal that was given up, and the refusal of its fingerprint that arrived after it."""
    world.decide(world.hit(distance=3), "remove")
    removal, refusal = (row.id for row in _rows(world) if row.destination == PLATFORM)
    _send(world, _refused, removal)
    _send(world, _accepted, refusal)
    _retry(world, removal)
    world.deliver()
    states = {row.action: row.state for row in _rows(world)}
    assert (states["remove"], states["refuse-fingerprint"]) == ("delivered", "delivered")


# --- whatever happens, the registry ends with the last word

STEPS = st.lists(
    st.sampled_from(["confirm", "dispute", "reverse", "send", "away", "die", "later"]),
    min_size=3,
    max_size=20,
)


@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.generate],  # each round goes on from the one before
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_whatever_happens_the_registry_ends_with_the_last_word(
    world: World, steps: list[str]
) -> None:
    """One entry, several hits on it and reversals; the registry keeps the vote it heard last."""
    heard: list[str] = []
    value = pdq()
    world.list_entries(record(value))

    def listens(order: Order) -> Receipt:
        if order.source_id is not None:
            heard.append(order.action)
        return Receipt(200)

    senders = {"send": listens, "away": _unavailable, "die": _killed}
    hit, last = _hit_on(world, value), "confirm"
    world.decide(hit, last)
    for step in steps:
        if step in ("confirm", "dispute"):
            hit, last = _hit_on(world, value), step
            world.decide(hit, last)
        elif step == "reverse":
            last = "dispute" if last == "confirm" else "confirm"
            _reverse(world, hit, last)
        elif step == "later":
            world.later(minutes=11)
        else:
            with suppress(Killed):
                world.deliver(senders[step])
    while set(_states(world)) & set(outbox.OPEN_STATES):
        world.later(hours=1)
        world.deliver(listens)
    assert heard[-1] == {"confirm": "affirmative", "dispute": "negative"}[last]


def _reverse(world: World, hit: int, verdict: str) -> None:
    lead = world.people["lena"]
    with world.database.write() as session:
        query = select(func.max(Decision.ordinal)).where(Decision.hit_id == hit)
        seen = session.scalars(query).one()
        decisions.reverse(session, hit, seen, lead, choice(verdict), world.policy, world.now)
