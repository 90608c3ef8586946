"""Keys of the platform's programs: shown once, stored hashed, scoped, with their last use."""

import hashlib
import re
import secrets
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation import audit
from store.person import ApiKey

PREFIX = "tdc_"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,79}")
USE_RESOLUTION = timedelta(minutes=1)  # the last use is kept to the minute: one write, not many


class Scope(StrEnum):
    """What a key opens."""

    WRITE_CONTENT = "content:write"
    READ_CONTENT = "content:read"


class KeyRefused(ValueError):
    """A key cannot be made or found so. Says what and why."""


def add(
    session: Session, *, name: str, scopes: tuple[Scope, ...], actor: str, now: datetime
) -> str:
    """Make a key and return it, the only time that it can be seen."""
    if not NAME.fullmatch(name):
        raise KeyRefused(f"key name {name!r}: letters, digits, space, dot, dash, underline; 80")
    if session.scalar(select(ApiKey.id).where(ApiKey.name == name)):
        raise KeyRefused(f"there is a key named {name!r} already")
    key = PREFIX + secrets.token_urlsafe(32)
    session.add(
        ApiKey(
            name=name,
            key_hash=_hash(key),
            scopes=list(scopes),
            created_at=now,
            last_used_at=None,
            revoked_at=None,
        )
    )
    audit.append(
        session,
        at=now,
        actor=actor,
        action="key.added",
        subject=f"key:{name}",
        details={"scopes": list(scopes)},
    )
    return key


def revoke(session: Session, *, name: str, actor: str, now: datetime) -> None:
    """Shut a key at once. KeyRefused if there is no such key."""
    row = session.scalar(select(ApiKey).where(ApiKey.name == name))
    if row is None:
        raise KeyRefused(f"there is no key named {name!r}")
    row.revoked_at = row.revoked_at or now
    audit.append(session, at=now, actor=actor, action="key.revoked", subject=f"key:{name}")


def find(session: Session, key: str) -> ApiKey | None:
    """The key's row, or None for an unknown or revoked one. Changes nothing."""
    if not key.startswith(PREFIX) or len(key) > 100:
        return None
    row = session.scalar(select(ApiKey).where(ApiKey.key_hash == _hash(key)))
    return row if row and row.revoked_at is None else None


def use_is_stale(row: ApiKey, now: datetime) -> bool:
    """Whether the key's last use is worth a write."""
    return row.last_used_at is None or now - row.last_used_at >= USE_RESOLUTION


def note_use(session: Session, key_id: int, now: datetime) -> None:
    """Keep when the key was last used."""
    row = session.get(ApiKey, key_id)
    if row:
        row.last_used_at = now


def everything(session: Session) -> list[ApiKey]:
    """All keys by name, revoked ones too."""
    return list(session.scalars(select(ApiKey).order_by(ApiKey.name)))


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
