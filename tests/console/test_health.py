"""Health, for machines: alive without anything, ready with the age of the index."""

from dataclasses import replace

from moderation import index, sync
from store.source import Source
from tests.console.conftest import Console
from tests.world import pdq, record


def test_ready_says_how_the_index_stands(console: Console) -> None:
    client = console.visitor().client
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["index"]["version"] is None
    console.world.list_entries(record(pdq()))
    ready = client.get("/readyz").json
    assert ready is not None
    assert ready["status"] == "ready"
    assert (ready["database"], ready["redis"]) == (True, True)
    assert ready["index"]["stale"] is False
    assert ready["index"]["fingerprints"] == 1
    assert 0 <= ready["index"]["age_seconds"] < 600


def test_a_stale_index_is_said_and_is_no_failure(console: Console) -> None:
    console.world.list_entries(record(pdq()))
    client = console.visitor().client
    with console.world.database.write() as session:
        source = session.get_one(Source, 1)
        sync.apply_entries(
            session, source, [record(pdq())], console.world.policy, console.world.now
        )
        index.new_version(session, console.world.now)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["index"]["stale"] is True
    assert answer.json["index"]["latest_version"] == 2


def test_health_is_counted_against_nobody(console: Console) -> None:
    limits = console.settings.policy.limits.model_copy(update={"pages": "1 per day"})
    made = console.app.extensions["console"]
    policy = made.policy.model_copy(update={"limits": limits})
    console.app.extensions["console"] = replace(made, policy=policy)
    client = console.visitor().client
    for path in ("/healthz", "/readyz"):
        assert [client.get(path).status_code for _ in range(3)] == [200, 200, 200]
