"""Batches of content as a platform sends them: each item by itself, and safe to send again."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from console.api.schema import MAX_BYTES, MAX_ITEMS
from console.application import API
from moderation import keys, passes
from store.content import Content, ContentFingerprint
from store.person import ApiKey
from tests.console.api.platform import QUICK, Platform, item
from tests.console.conftest import Console, only
from tests.world import near, pdq, record


def _count(console: Console, table: type) -> int:
    with console.world.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def _match_pending(console: Console) -> None:
    """What the periodic pass does."""
    world = console.world
    ids = passes.pending_content(world.database, 100)
    passes.match_whole(world.database, world.directory, world.policy, ids, world.now)


def _statuses(results: Sequence[dict[str, Any]]) -> list[str]:
    return [one["status"] for one in results]


def test_an_item_is_taken_with_its_context(console: Console, platform: Platform) -> None:
    context = {"surface": "feed", "uploader": "u-7", "posted_at": "2026-03-01T11:00:00+05:00"}
    result = platform.send(item(context=context))
    assert result == [{"id": "post-1", "status": "created", "error": None}]
    with console.world.database.read() as session:
        row = session.scalars(select(Content)).one()
    assert (row.surface, row.uploader, row.kind) == ("feed", "u-7", "image")
    assert f"{row.posted_at:%Y-%m-%dT%H:%M%z}" == "2026-03-01T06:00+0000"


def test_the_same_again_changes_nothing_and_is_counted(
    console: Console, platform: Platform
) -> None:
    post = item()
    assert _statuses(platform.send(post)) == ["created"]
    assert _statuses(platform.send(post)) == ["unchanged"]
    assert _statuses(platform.send(post | {"context": {"surface": "album"}})) == ["updated"]
    assert _statuses(platform.send(item())) == ["updated"]
    with console.world.database.read() as session:
        row = session.scalars(select(Content)).one()
    assert (row.seen_count, row.revision) == (4, 2)
    assert _count(console, ContentFingerprint) == 1


def test_an_id_twice_in_one_batch_is_taken_in_the_order_sent(
    console: Console, platform: Platform
) -> None:
    first, last = item("a"), item("a")
    assert _statuses(platform.send(first, item("b"), last, last)) == [
        "created",
        "created",
        "updated",
        "unchanged",
    ]
    with console.world.database.read() as session:
        row = session.scalars(select(Content).where(Content.platform_id == "a")).one()
        value = session.scalars(
            select(ContentFingerprint.value).where(ContentFingerprint.content_id == row.id)
        ).one()
    assert value.hex() == last["fingerprints"][0]["value"]


BAD: dict[str, Any] = {
    "not an object": "post-2",
    "nothing": {},
    "null": None,
    "no id": {"kind": "image", "fingerprints": []},
    "no fingerprints": {"id": "x", "kind": "image", "fingerprints": []},
    "too many": item(fingerprints=[{"algorithm": "md5", "value": "0" * 32}] * 1201),
    "bytes": item(bytes="iVBORw0KGgo="),
    "image": item(image="/9j/4AAQ"),
    "url": item(url="https://cdn.test/a.png"),
    "url in the context": item(context={"url": "https://cdn.test/a.png"}),
    "thumbnail in a fingerprint": item(
        fingerprints=[{"algorithm": "md5", "value": "0" * 32, "thumbnail": "AAAA"}]
    ),
    "a short value": item(fingerprints=[{"algorithm": "pdq", "value": "ab" * 31}]),
    "an md5 as sha1": item(fingerprints=[{"algorithm": "sha1", "value": "ab" * 16}]),
    "not hex": item(fingerprints=[{"algorithm": "md5", "value": "zz" * 16}]),
    "not ascii hex": item(fingerprints=[{"algorithm": "md5", "value": "٣" * 32}]),
    "an unknown algorithm": item(fingerprints=[{"algorithm": "photodna", "value": "ab" * 16}]),
    "a quality of 101": item(
        fingerprints=[{"algorithm": "pdq", "value": "ab" * 32, "quality": 101}]
    ),
    "a time in the film before it": item(
        fingerprints=[{"algorithm": "pdq", "value": "ab" * 32, "at": -1}]
    ),
    "an unknown kind": item(kind="gif"),
    "a long id": item("x" * 201),
    "a control character": item("a\nb"),
    "a null in the id": item("a\x00b"),
    "a null in the surface": item(context={"surface": "a\x00b"}),
    "a null in the uploader": item(context={"uploader": "\x00"}),
    "half a character in the id": item("a\ud800"),
    "half a character in the uploader": item(context={"uploader": "\udfff"}),
    "a time without a zone": item(context={"posted_at": "2026-03-01T11:00:00"}),
    "a time before all times": item(context={"posted_at": "0001-01-01T00:00:00+14:00"}),
    "a time after all times": item(context={"posted_at": "9999-12-31T23:59:59-14:00"}),
    "a number for an id": item(context={}) | {"id": 7},
}


def test_what_is_malformed_costs_that_item_only(console: Console, platform: Platform) -> None:
    for number, (what, bad) in enumerate(BAD.items()):
        results = platform.send(item(f"before-{number}"), bad, item(f"after-{number}"))
        assert _statuses(results) == ["created", "rejected", "created"], what
        assert results[1]["error"], what
    assert _count(console, Content) == 2 * len(BAD)


def test_a_batch_of_a_thousand_is_taken(console: Console, platform: Platform) -> None:
    items = [item(f"post-{number}") for number in range(MAX_ITEMS)]
    results = platform.send(*items)
    assert _statuses(results) == ["created"] * MAX_ITEMS
    assert [one["id"] for one in results] == [one["id"] for one in items]
    queue = Queue("match", connection=console.redis, serializer=JSONSerializer)
    ids = [number for job in queue.jobs for number in job.args[0]]
    assert sorted(ids) == list(range(1, MAX_ITEMS + 1))


@only("sqlite")
@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"items": []}, 400),
        ({"items": [1] * (MAX_ITEMS + 1)}, 400),
        ({"items": {}}, 400),
        ({"items": [1], "images": []}, 400),
        ([], 400),
        ("x", 400),
        (7, 400),
    ],
)
def test_a_body_that_is_no_batch_is_refused_whole(
    platform: Platform, body: object, status: int
) -> None:
    answer = platform.post("/content", body)
    assert answer.status_code == status
    assert answer.json is not None
    assert answer.json["error"]["code"] == status


@only("sqlite")
@pytest.mark.parametrize(
    ("data", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"null", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 200_000, "application/json", 400),
        (b'{"items":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "application/json", 400),
        (b'{"items":[' + b"9" * 5000 + b"]}", "application/json", 400),
        (b"items=1", "application/x-www-form-urlencoded", 415),
        (b"{}", "text/plain", 415),
        (b"", "", 415),
    ],
)
def test_what_is_not_json_is_refused(
    platform: Platform, data: bytes, kind: str, status: int
) -> None:
    answer = platform.client.post(
        "/api/v1/content", data=data, content_type=kind, headers=platform.headers
    )
    assert answer.status_code == status, answer.text[:200]


@only("sqlite")
def test_a_body_may_have_sixteen_mebibytes_and_no_more(platform: Platform) -> None:
    def send(size: int) -> TestResponse:
        head = b'{"items":["'
        data = head + b"x" * (size - len(head) - 3) + b'"]}'
        return platform.client.post(
            "/api/v1/content",
            data=data,
            content_type="application/json",
            headers=platform.headers,
        )

    assert send(MAX_BYTES).status_code == 200
    assert send(MAX_BYTES + 1).status_code == 413


def test_states_are_told_in_the_order_asked(console: Console, platform: Platform) -> None:
    value = pdq()
    console.world.list_entries(record(value))
    platform.send(item("near", near(value, 31)), item("clear", near(value, 32)))
    assert platform.states("clear", "near", "nobody", "clear") == [
        ("pending", None),
        ("pending", None),
        ("unknown", None),
        ("pending", None),
    ]
    _match_pending(console)
    assert platform.states("near", "clear") == [("hit", "H-1"), ("clear", None)]


def test_the_last_use_of_a_key_is_kept(console: Console, platform: Platform) -> None:
    def used() -> datetime | None:
        with console.world.database.read() as session:
            return session.scalars(select(ApiKey.last_used_at)).one()

    assert used() is None
    platform.states("a")
    first = used()
    assert first is not None
    programs = console.app.extensions[API].programs
    for minutes, noted in ((0, False), (5, True)):
        programs._known.clear()  # as after the second for which a key is believed
        with time_machine.travel(console.world.now + timedelta(minutes=minutes), tick=True):
            platform.states("a")
        assert (used() != first) is noted, "kept to the minute: one write, not many"


def test_a_revoked_key_opens_nothing(console: Console) -> None:
    platform = Platform(console)
    name = "uploads"
    platform.headers = console.key(name=name)
    with console.world.database.write() as session:
        keys.revoke(session, name=name, actor="test", now=console.world.now)
    assert platform.post("/content", {"items": [item()]}).status_code == 401
    assert _count(console, Content) == 0


@only("sqlite")
def test_a_key_that_is_in_use_is_shut_within_a_second(console: Console) -> None:
    platform = Platform(console)
    platform.headers = console.key(name="uploads")
    assert platform.post("/content", {"items": [item()]}).status_code == 200
    with console.world.database.write() as session:
        keys.revoke(session, name="uploads", actor="test", now=console.world.now)
    programs = console.app.extensions[API].programs
    programs._known = type(programs._known)(
        (key, (at - 1.01, known)) for key, (at, known) in programs._known.items()
    )
    assert platform.post("/content", {"items": [item()]}).status_code == 401


def test_a_lost_wake_up_loses_no_content(console: Console, platform: Platform) -> None:
    value = pdq()
    console.world.list_entries(record(value))
    wake = console.app.extensions["console"].wake
    wake.redis = Redis(port=1, retry=Retry(NoBackoff(), 0))
    assert _statuses(platform.send(item("a", value))) == ["created"]
    _match_pending(console)
    assert platform.states("a") == [("hit", "H-1")]


@only("sqlite")
@QUICK
@given(
    sent=st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=6),
    asked=st.lists(st.sampled_from("abcd"), min_size=1, max_size=8),
)
def test_every_id_has_the_state_of_what_was_sent(
    platform: Platform, sent: list[tuple[str, bool]], asked: list[str]
) -> None:
    """Whatever is sent in whatever order, an id that was never sent is unknown and no other is."""
    for name, good in sent:
        platform.send(item(name) if good else {"id": name})
        if good:
            platform.known.add(name)
    expected = [("pending" if name in platform.known else "unknown", None) for name in asked]
    assert platform.states(*asked) == expected
