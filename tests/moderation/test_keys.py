"""Keys of programs: seen once, stored hashed, scoped, shut at once, their use noted sparingly."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from moderation import audit, keys
from moderation.keys import KeyRefused, Scope
from store.person import ApiKey
from tests.world import World


def _add(world: World, name: str = "scanner", *scopes: Scope) -> str:
    with world.database.write() as session:
        return keys.add(
            session,
            name=name,
            scopes=scopes or (Scope.WRITE_CONTENT,),
            actor="test",
            now=world.now,
        )


def _find(world: World, key: str) -> ApiKey | None:
    with world.database.read() as session:
        return keys.find(session, key)


def test_a_key_opens_what_it_was_made_for(world: World) -> None:
    key = _add(world, "scanner", Scope.WRITE_CONTENT)
    row = _find(world, key)
    assert row is not None
    assert (row.name, row.scopes, row.last_used_at) == ("scanner", ["content:write"], None)


def test_a_key_is_long_and_nowhere_but_in_the_answer(world: World) -> None:
    key = _add(world)
    assert len(key) > 40
    assert key != _add(world, "other")
    with world.database.read() as session:
        rows = session.scalars(select(ApiKey)).all()
        stored = str([vars(row) for row in rows])
        told = str([(line.subject, line.details) for line in audit.lines(session)])
    assert key not in stored + told
    assert key.removeprefix(keys.PREFIX) not in stored + told


@pytest.mark.parametrize("change", [lambda k: k[:-1], lambda k: k + "x", str.lower, str.upper])
def test_almost_a_key_is_none(world: World, change: object) -> None:
    key = _add(world)
    assert callable(change)
    assert _find(world, change(key)) is None


@pytest.mark.parametrize("key", ["", "tdc_", "Bearer", "tdc_" + "x" * 10_000, "tdc_\0"])
def test_nonsense_is_none(world: World, key: str) -> None:
    assert _find(world, key) is None


def test_a_revoked_key_is_shut_at_once_and_still_listed(world: World) -> None:
    key = _add(world)
    with world.database.write() as session:
        keys.revoke(session, name="scanner", actor="test", now=world.now)
    assert _find(world, key) is None
    with world.database.read() as session:
        (row,) = keys.everything(session)
    assert row.revoked_at == world.now
    world.later(days=1)
    with world.database.write() as session:
        keys.revoke(session, name="scanner", actor="test", now=world.now)
        assert row.revoked_at == world.now - timedelta(days=1), "the first time counts"


def test_use_is_noted_to_the_minute(world: World) -> None:
    """So that a platform that asks a thousand times a minute costs one write."""
    key = _add(world)
    noted = 0
    for _ in range(10):
        row = _find(world, key)
        assert row is not None
        if keys.use_is_stale(row, world.now):
            noted += 1
            with world.database.write() as session:
                keys.note_use(session, row.id, world.now)
        world.later(seconds=13)
    assert noted == 2
    row = _find(world, key)
    assert row is not None
    assert row.last_used_at == world.now - timedelta(seconds=65)


def test_what_a_key_cannot_be_is_said(world: World) -> None:
    _add(world)
    for name in ("", "-x", "a\n", "n" * 81, "a/b"):
        with pytest.raises(KeyRefused, match="key name"):
            _add(world, name)
    with pytest.raises(KeyRefused, match="already"):
        _add(world)
    with pytest.raises(KeyRefused, match="no key"), world.database.write() as session:
        keys.revoke(session, name="nobody's", actor="test", now=world.now)


def test_making_and_shutting_a_key_is_logged(world: World) -> None:
    _add(world, "scanner", Scope.WRITE_CONTENT, Scope.READ_CONTENT)
    with world.database.write() as session:
        keys.revoke(session, name="scanner", actor="test", now=world.now)
    with world.database.read() as session:
        told = [(line.action, line.details) for line in audit.lines(session, subject="key:scanner")]
    assert told == [
        ("key.added", {"scopes": ["content:write", "content:read"]}),
        ("key.revoked", {}),
    ]
