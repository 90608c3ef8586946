"""A round of the outbox: at its pace, and no longer than its destination answers."""

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from jobs import outbox, runtime
from store.delivery import Delivery
from store.source import Source
from tests.world import World

REGISTRY = "registry:Take It Down"
VOTES = 6


@pytest.fixture
def votes(world: World, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Votes that are due, for a registry where nobody listens."""
    for name, value in {
        "ENVIRONMENT": "development",
        "DATA_DIR": str(world.directory.path),
        "SECRET_KEY": "0123456789abcdef" * 4,
        "DATABASE_URL": world.database.url,
        "REDIS_URL": redis_url,
        "SECRET_TEST": "us:a-word",
    }.items():
        monkeypatch.setenv(name, value)
    for _ in range(VOTES):
        world.decide(world.hit(), "confirm")
    with world.database.write() as session:
        session.get_one(Source, 1).base_url = "http://127.0.0.1:1/npo"
    runtime._of_process.cache_clear()
    yield
    runtime.current().database.close()
    runtime._of_process.cache_clear()


@pytest.mark.usefixtures("votes")
def test_a_round_ends_when_its_destination_is_to_be_left_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    paused: list[float] = []
    monkeypatch.setattr(time, "sleep", paused.append)
    outbox.deliver_to(REGISTRY)
    failures = world.policy.outbox.circuit_failures
    with world.database.read() as session:
        tried = session.scalars(
            select(Delivery.attempts).where(Delivery.destination == REGISTRY)
        ).all()
    assert sorted(tried) == [0] * (VOTES - failures) + [1] * failures
    assert len(paused) == failures - 1
    assert max(paused) <= 60 / world.policy.outbox.per_minute
