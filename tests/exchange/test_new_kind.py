"""A new kind of registry is one file and one line: the whole way, through the real jobs."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rq import SimpleWorker
from rq.serializers import JSONSerializer
from sqlalchemy import select

from config.settings import load
from exchange import registry
from exchange.records import Vote
from jobs import outbox, queues, runtime, sync
from jobs.queues import JsonQueue
from jobs.registries import Registries
from jobs.runtime import Runtime
from matching.fingerprint import Algorithm, Fingerprint
from moderation import decisions, sources
from moderation.content import Print
from moderation.source_settings import SourceSettings
from store.hit import Hit
from tests.exchange.shelf import Shelf
from tests.signals import own_signals
from tests.world import People, World, choice, near, pdq, record


@pytest.fixture
def parts(
    database_url: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Runtime]:
    """An installation that knows the shelf, and whose votes are not held back."""
    monkeypatch.setattr(registry, "KINDS", {**registry.KINDS, "shelf": Shelf})
    monkeypatch.setattr(Shelf, "entries", [])
    monkeypatch.setattr(Shelf, "heard", [])
    policy = tmp_path / "policy.toml"
    policy.write_text("[holds]\nregistry_seconds = 0\n")
    environ = {
        "ENVIRONMENT": "development",
        "DATA_DIR": str(tmp_path),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": "f3b1c59d2e7a4860917a5d3c8e6f0b24",
        "POLICY_FILES": str(policy),
    }
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    runtime._of_process.cache_clear()
    made = runtime.build(load(environ))
    with made.database.write() as session:
        sources.add(
            session,
            name="The shelf",
            kind=Registries(made).kinds()["shelf"],
            settings=SourceSettings("https://shelf.example"),
            policy=made.settings.policy,
            actor="test",
            now=datetime.now(UTC),
        )
    yield made
    made.database.close()
    runtime._of_process.cache_clear()


def work(parts: Runtime) -> None:
    """Let a worker do everything that waits."""
    waiting = [JsonQueue(name, connection=parts.wake.redis) for name in queues.NAMES]
    worker = SimpleWorker(waiting, connection=parts.wake.redis, serializer=JSONSerializer)
    with own_signals():
        worker.work(burst=True, logging_level="ERROR")


def work_outbox(parts: Runtime) -> None:
    """Let everything be told that is due."""
    outbox.deliver_due()
    work(parts)


def test_a_new_kind_goes_the_whole_way(parts: Runtime) -> None:
    value = pdq()
    entry = record(value, at=None)
    Shelf.entries.append(entry)
    sync.sync_all()
    work(parts)

    world = World(parts.database, parts.index, parts.settings.policy, datetime.now(UTC))
    world.people = People(world)
    row = world.take(Print(Fingerprint(Algorithm.PDQ, near(value, 9)), 90))
    parts.wake.content_taken([row])
    work(parts)
    work_outbox(parts)
    with parts.database.read() as session:
        (hit_id,) = session.scalars(select(Hit.id))
    world.decide(hit_id, "remove")
    work_outbox(parts)
    assert [one.vote for one in Shelf.heard] == [None, Vote.AFFIRMATIVE]
    assert {(one.entry_id, one.algorithm) for one in Shelf.heard} == {(entry.entry_id, "pdq")}
    assert Shelf.heard[-1].fingerprint == entry.fingerprints[0]

    with parts.database.write() as session:
        mona = world.people["mona"]
        otherwise = replace(choice("dispute"), registry_reason="no")
        decisions.reverse(session, hit_id, 1, mona, otherwise, world.policy, world.now)
    work_outbox(parts)
    work_outbox(parts)
    told = [(one.vote, one.reason_ids) for one in Shelf.heard[2:]]
    assert told == [(Vote.NEGATIVE, ("1",))], "once for each vote"
