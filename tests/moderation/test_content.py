"""What the platform tells us is taken item by item, once, whoever else tells the same."""

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from exchange.records import MediaKind
from matching.fingerprint import Algorithm, Fingerprint
from moderation import content
from moderation.content import Item, Print, State, Taken
from store.content import Content, ContentFingerprint
from tests.world import START, World, near, pdq, record

POSTED = datetime(2026, 2, 28, tzinfo=UTC)


def _item(platform_id: str, *values: bytes, **context: object) -> Item:
    prints = tuple(Print(Fingerprint(Algorithm.PDQ, value), 90) for value in values or (pdq(),))
    return Item(platform_id, MediaKind.IMAGE, prints, **context)  # type: ignore[arg-type]


def _take(world: World, *items: Item) -> list[tuple[Taken, int | None]]:
    with world.database.write() as session:
        return [(what, row) for _, what, row in content.take(session, items, world.now)]


def _rows(world: World) -> list[Content]:
    query = select(Content).options(selectinload(Content.fingerprints)).order_by(Content.id)
    with world.database.read() as session:
        return list(session.scalars(query))


def _matched(world: World) -> None:
    with world.database.write() as session:
        for row in session.scalars(select(Content)):
            row.matched_version = 1


def test_a_new_item_is_stored_with_its_context_and_wants_matching(world: World) -> None:
    value = pdq()
    frame = Print(Fingerprint(Algorithm.PDQ, value), 70, 2.5)
    file = Print(Fingerprint(Algorithm.MD5, b"m" * 16))
    item = Item("post", MediaKind.VIDEO, (frame, file), "feed", "someone", POSTED)
    assert _take(world, item) == [(Taken.CREATED, 1)]
    (row,) = _rows(world)
    assert (row.kind, row.surface, row.uploader, row.posted_at) == (
        "video",
        "feed",
        "someone",
        POSTED,
    )
    assert (row.seen_count, row.revision, row.matched_version) == (1, 1, None)
    assert row.first_seen_at == row.last_seen_at == START
    held = [(one.algorithm, one.value, one.quality, one.at) for one in row.fingerprints]
    assert held == [("pdq", value, 70, 2.5), ("md5", b"m" * 16, None, None)]


def test_the_same_again_is_seen_again_and_nothing_else(world: World) -> None:
    item = _item("post")
    _take(world, item)
    before = [one.id for one in _rows(world)[0].fingerprints]
    _matched(world)
    world.later(hours=1)
    assert _take(world, item) == [(Taken.UNCHANGED, None)]
    (row,) = _rows(world)
    assert (row.seen_count, row.revision, row.matched_version) == (2, 1, 1)
    assert (row.first_seen_at, row.last_seen_at) == (START, world.now)
    assert [one.id for one in row.fingerprints] == before


def test_the_same_again_before_it_was_matched_still_wants_matching(world: World) -> None:
    item = _item("post")
    _take(world, item)
    assert _take(world, item) == [(Taken.UNCHANGED, 1)]


def test_other_fingerprints_are_a_new_revision_to_be_matched_anew(world: World) -> None:
    _take(world, _item("post"))
    _matched(world)
    new = pdq()
    assert _take(world, _item("post", new)) == [(Taken.UPDATED, 1)]
    (row,) = _rows(world)
    assert (row.revision, row.matched_version) == (2, None)
    assert [one.value for one in row.fingerprints] == [new]
    with world.database.read() as session:
        assert len(session.scalars(select(ContentFingerprint)).all()) == 1


def test_another_context_alone_is_no_reason_to_match_anew(world: World) -> None:
    value = pdq()
    _take(world, _item("post", value))
    _matched(world)
    assert _take(world, _item("post", value, surface="chat")) == [(Taken.UPDATED, None)]
    assert (_rows(world)[0].surface, _rows(world)[0].revision) == ("chat", 1)


def test_an_id_twice_in_a_batch_is_taken_in_the_order_sent(world: World) -> None:
    first, second = pdq(), pdq()
    taken = _take(world, _item("post", first), _item("other"), _item("post", second))
    assert [what for what, _ in taken] == [Taken.CREATED, Taken.CREATED, Taken.UPDATED]
    (post,) = (row for row in _rows(world) if row.platform_id == "post")
    assert [one.value for one in post.fingerprints] == [second]
    assert (post.revision, post.seen_count) == (2, 2)


def test_nothing_is_a_batch_too(world: World) -> None:
    assert _take(world) == []


def test_batches_with_the_same_new_items_at_once_are_each_taken(world: World) -> None:
    """In opposite orders, so that none may wait for the other in a circle."""
    items = [_item(f"post {number}") for number in range(30)]
    taken: list[Taken] = []
    failed: list[Exception] = []
    ready = threading.Barrier(4)

    def send(batch: list[Item]) -> None:
        ready.wait()
        try:
            taken.extend(what for what, _ in _take(world, *batch))
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            failed.append(error)

    batches = [items, items[::-1], items[10:] + items[:10], items[::2] + items[1::2]]
    senders = [threading.Thread(target=send, args=(batch,)) for batch in batches]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert failed == []
    assert taken.count(Taken.CREATED) == 30
    assert taken.count(Taken.UNCHANGED) == 90
    assert [(row.seen_count, len(row.fingerprints)) for row in _rows(world)] == [(4, 1)] * 30


# --- where items stand


def _standing(world: World, *ids: str) -> list[tuple[State, int | None]]:
    with world.database.read() as session:
        return [(one.state, one.hit_id) for one in content.standing(session, ids)]


def test_an_item_is_unknown_pending_clear_or_a_hit(world: World) -> None:
    value = pdq()
    world.list_entries(record(value))
    world.take(Print(Fingerprint(Algorithm.PDQ, value), 90), platform_id="pending")
    world.post(Print(Fingerprint(Algorithm.PDQ, near(value, 40)), 90), platform_id="clear")
    world.post(Print(Fingerprint(Algorithm.PDQ, value), 90), platform_id="hit")
    asked = ("hit", "unknown", "clear", "pending", "hit")
    assert _standing(world, *asked) == [
        (State.HIT, 1),
        (State.UNKNOWN, None),
        (State.CLEAR, None),
        (State.PENDING, None),
        (State.HIT, 1),
    ]


@pytest.mark.parametrize("verdict", ["confirm", "remove", "dispute"])
def test_a_decided_hit_is_still_the_items_hit(world: World, verdict: str) -> None:
    hit = world.hit()
    world.decide(hit, verdict)
    (platform_id,) = (row.platform_id for row in _rows(world))
    assert _standing(world, platform_id) == [(State.HIT, hit)]


def test_a_hit_that_the_registry_took_back_is_none(world: World) -> None:
    value = pdq()
    world.list_entries(record(value, entry_id="one"))
    world.post(Print(Fingerprint(Algorithm.PDQ, value), 90), platform_id="post")
    world.list_entries(record(entry_id="one", withdrawn=True))
    assert _standing(world, "post") == [(State.CLEAR, None)]
