"""A long history for benchmarks.triage: hits with all that stands around them, written in bulk.

A tenth of the hits are open, opened within the last two days; the others were decided by twenty
people, 200 a day each. An entry has 20 hits, an uploader 10; both however long the history is.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import insert, text

from benchmarks.lists import NOBODY
from config.policy import Policy
from moderation import people, sources
from moderation.permissions import Role
from moderation.source_settings import SourceSettings
from store.audit import AuditEntry
from store.base import Base
from store.content import Content, ContentFingerprint
from store.database import Database
from store.entry import Entry, EntryFingerprint, IndexVersion
from store.hit import Decision, Hit, Match

PASSWORD = "correct horse battery staple"  # noqa: S105 - of people who are made up
PEOPLE = 20
SOURCES = 3
HITS_OF_ENTRY = 20
HITS_OF_UPLOADER = 10
A_DAY = 200  # decisions of one person
BATCH = 20_000
NEARNESS = (0, 0, 4, 12, 20, 28)

Rows = Iterator[dict[str, Any]]


def fill(database: Database, policy: Policy, size: int) -> None:
    """Put `size` hits into an empty database at the newest migration."""
    now = datetime.now(UTC)
    _found(database, policy, now)
    tables: tuple[tuple[type[Base], Rows], ...] = (
        (Entry, _entries(size, now)),
        (EntryFingerprint, _entry_prints(size)),
        (Content, _contents(size, now)),
        (ContentFingerprint, _content_prints(size)),
        (Hit, _hits(size, now)),
        (Match, _matches(size, now)),
        (Decision, _decisions(size, now)),
        (AuditEntry, _lines(size, now)),
    )
    for table, rows in tables:
        _write(database, table, rows)
    if database.engine.dialect.name == "postgresql":  # as it does by itself after a while
        _count_up(database)
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as bare:
            bare.execute(text("VACUUM ANALYZE"))


def _found(database: Database, policy: Policy, now: datetime) -> None:
    """People, sources and a list."""
    with database.write() as session:
        for number in range(1, PEOPLE + 1):
            people.add(
                session,
                login=f"person-{number}",
                name=f"Person {number}",
                role=Role.MODERATOR,
                password=PASSWORD,
                actor="benchmark",
                now=now,
            )
        for number in range(1, SOURCES + 1):
            sources.add(
                session,
                name=f"Registry {number}",
                kind=NOBODY,
                settings=SourceSettings("https://registry.test"),
                policy=policy,
                actor="benchmark",
                now=now,
            )
        session.add(IndexVersion(created_at=now, added=1, removed=0))


def _write(database: Database, table: type[Base], rows: Rows) -> None:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            _put(database, table, batch)
            batch = []
    if batch:
        _put(database, table, batch)


def _put(database: Database, table: type[Base], batch: list[dict[str, Any]]) -> None:
    with database.write() as session:
        session.connection().execute(insert(table.__table__), batch)  # type: ignore[arg-type]


def _count_up(database: Database) -> None:
    """PostgreSQL's counters go on after the numbers that were given."""
    with database.write() as session:
        for table in (Entry, EntryFingerprint, Content, ContentFingerprint, Hit, Match, Decision):
            name = table.__tablename__
            session.execute(
                text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM {name}")  # noqa: S608
            )


def _values(seed: int, count: int) -> list[bytes]:
    data = np.random.default_rng(seed).integers(0, 256, (count, 32), np.uint8).tobytes()
    return [data[place : place + 32] for place in range(0, len(data), 32)]


def _entries(size: int, now: datetime) -> Rows:
    for number in range(1, size // HITS_OF_ENTRY + 1):
        yield {
            "id": number,
            "source_id": number % SOURCES + 1,
            "member_id": "1",
            "member_name": "Member",
            "entry_id": f"entry-{number}",
            "kind": "image",
            "classification": "A1",
            "first_seen_at": now,
            "changed_at": now,
            "listed_at": now,
        }


def _entry_prints(size: int) -> Rows:
    for number, value in enumerate(_values(1, size // HITS_OF_ENTRY), 1):
        yield {
            "id": number,
            "entry_id": number,
            "algorithm": "pdq",
            "value": value,
            "indexed_version": 1,
        }


def _contents(size: int, now: datetime) -> Rows:
    for number in range(1, size + 1):
        yield {
            "id": number,
            "platform_id": f"content-{number}",
            "kind": "video" if number % 20 == 0 else "image",
            "surface": "profile" if number % 7 == 0 else "feed",
            "uploader": f"uploader-{number % (size // HITS_OF_UPLOADER)}",
            "first_seen_at": now,
            "last_seen_at": now,
            "matched_version": 1,
        }


def _content_prints(size: int) -> Rows:
    for number, value in enumerate(_values(2, size), 1):
        yield {
            "id": number,
            "content_id": number,
            "algorithm": "pdq",
            "value": value,
            "quality": 90,
        }


def _decided(size: int) -> int:
    return size * 9 // 10


def _moment(number: int, size: int, now: datetime) -> datetime:
    """When a hit was opened: open ones within two days, the others before, at the people's pace."""
    left = size - number
    open_ = size - _decided(size)
    if number > _decided(size):
        return now - timedelta(days=2) * (left / open_)
    pace = timedelta(days=1) / (PEOPLE * A_DAY)
    return now - timedelta(days=2) - pace * (left - open_ + 1)


def _hits(size: int, now: datetime) -> Rows:
    for number in range(1, size + 1):
        opened = _moment(number, size, now)
        decided = number <= _decided(size)
        nearest = NEARNESS[number % len(NEARNESS)]
        yield {
            "id": number,
            "content_id": number,
            "state": "decided" if decided else "open",
            "verdict": "confirm" if decided else None,
            "priority": 40 if nearest == 0 else 0,
            "nearest": nearest,
            "priority_reasons": ["exact copy"] if nearest == 0 else [],
            "opened_at": opened,
            "due_at": opened + timedelta(hours=24),
            "at_risk_at": opened + timedelta(hours=18),
            "urgent_at": opened + timedelta(hours=20 if nearest == 0 else 24),
            "closed_at": opened + timedelta(hours=1) if decided else None,
            "lease_number": 1 if decided else 0,
        }


def _matches(size: int, now: datetime) -> Rows:
    for number in range(1, size + 1):
        yield {
            "id": number,
            "hit_id": number,
            "content_id": number,
            "content_revision": 1,
            "entry_id": _entry(number, size),
            "fingerprint_id": _entry(number, size),
            "algorithm": "pdq",
            "distance": NEARNESS[number % len(NEARNESS)],
            "threshold": 31,
            "difference": bytes(32),
            "quality": 90,
            "index_version": 1,
            "matched_at": _moment(number, size, now),
        }


def _entry(number: int, size: int) -> int:
    return number % (size // HITS_OF_ENTRY) + 1


def _decisions(size: int, now: datetime) -> Rows:
    for number in range(1, _decided(size) + 1):
        yield {
            "id": number,
            "hit_id": number,
            "ordinal": 1,
            "person_id": number % PEOPLE + 1,
            "verdict": "confirm",
            "reason": "already-gone",
            "policy_version": "benchmark",
            "decided_at": _moment(number, size, now) + timedelta(hours=1),
        }


def _lines(size: int, now: datetime) -> Rows:
    """Two lines a hit, after those of the people and sources. Their hashes say nothing."""
    first = PEOPLE + SOURCES + 1
    for number in range(2 * size):
        hit = number // 2 + 1
        yield {
            "id": first + number,
            "at": _moment(hit, size, now),
            "actor": f"person:person-{hit % PEOPLE + 1}",
            "action": ("hit.opened", "hit.claimed")[number % 2],
            "subject": f"H-{hit}",
            "details": {"lease": 1},
            "previous_hash": "0" * 64,
            "hash": "0" * 64,
        }
