"""Step 2, index: the active entries become a numbered version; each host builds its snapshot.

A version is a row in the database and says which fingerprints are in. The snapshot is a file on
one host, built from it and mapped by every worker there; a host that fell behind catches up by
itself before it matches.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import ColumnElement, func, or_, select, text, update
from sqlalchemy.orm import Session

from matching.fingerprint import Algorithm
from matching.index import Block, Index, IndexDirectory, Row, StaleVersionError
from store.content import Sweep
from store.database import Database
from store.entry import EntryFingerprint, IndexVersion

LOCK = 7_216_003
AMEND_AT_MOST = 50_000  # changes; beyond it a whole build is as quick and leaves no delta behind
BLOCK = 50_000


@dataclass(frozen=True, slots=True)
class Standing:
    """How the index on this host stands: `latest` is the list's version, `built` this host's."""

    latest: int
    built: int | None
    built_at: datetime | None
    count: int
    set_aside: int
    waiting: int

    @property
    def stale(self) -> bool:
        """Whether this host serves less than the list's newest version."""
        return self.latest > 0 and (self.built is None or self.built < self.latest)


def new_version(session: Session, now: datetime) -> int | None:
    """Number a new version if the list changed since the newest one; None if it did not.

    What it adds still has to be held against the content that is here already: a sweep.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    fresh = (EntryFingerprint.indexed_version.is_(None), EntryFingerprint.retired.is_(False))
    gone = (
        EntryFingerprint.retired.is_(True),
        EntryFingerprint.indexed_version.is_not(None),
        EntryFingerprint.removed_version.is_(None),
    )
    added = session.scalar(select(func.count()).where(*fresh)) or 0
    removed = session.scalar(select(func.count()).where(*gone)) or 0
    if not added and not removed:
        return None
    version = IndexVersion(created_at=now, added=added, removed=removed)
    session.add(version)
    session.flush()
    session.execute(update(EntryFingerprint).where(*fresh).values(indexed_version=version.id))
    session.execute(update(EntryFingerprint).where(*gone).values(removed_version=version.id))
    if added:
        session.add(Sweep(index_version=version.id, started_at=now))
    return version.id


def latest_version(session: Session) -> int:
    """The newest version's number; 0 before the first."""
    return session.scalar(select(func.max(IndexVersion.id))) or 0


def ensure_current(database: Database, directory: IndexDirectory) -> Index | None:
    """This host's index, first brought to the newest version. None before there is one.

    Another process that builds at the same moment is waited for, not fought: whoever comes
    second finds the work done.
    """
    with database.read() as session:
        latest = latest_version(session)
        index = directory.current()
        if latest == 0 or (index is not None and index.version >= latest):
            return index
        try:
            if index is not None:
                added, removed = _between(session, index.version, latest)
                if len(added) + len(removed) <= AMEND_AT_MOST:
                    return directory.amend(latest, added, removed, since=index.version)
            return directory.publish(latest, _whole(session, latest))
        except StaleVersionError:
            return directory.current()


def rebuild(database: Database, directory: IndexDirectory) -> Index | None:
    """Fold what was amended into one fresh snapshot of the newest version."""
    with database.read() as session:
        latest = latest_version(session)
        if latest == 0:
            return None
        try:
            return directory.publish(latest, _whole(session, latest))
        except StaleVersionError:
            return directory.current()


def standing(session: Session, directory: IndexDirectory) -> Standing:
    """How far this host's index is behind the list."""
    index = directory.current()
    waiting = session.scalar(
        select(func.count()).where(
            EntryFingerprint.indexed_version.is_(None), EntryFingerprint.retired.is_(False)
        )
    )
    return Standing(
        latest=latest_version(session),
        built=index.version if index else None,
        built_at=index.built_at if index else None,
        count=index.count if index else 0,
        set_aside=index.set_aside if index else 0,
        waiting=waiting or 0,
    )


def fingerprints_new_in(session: Session, version: int) -> Iterator[Block]:
    """The fingerprints that `version` added, as blocks for an index."""
    yield from _blocks(session, EntryFingerprint.indexed_version == version)


def _whole(session: Session, version: int) -> Iterator[Block]:
    yield from _blocks(
        session,
        EntryFingerprint.indexed_version <= version,
        or_(
            EntryFingerprint.removed_version.is_(None),
            EntryFingerprint.removed_version > version,
        ),
    )


def _between(session: Session, version: int, upto: int) -> tuple[list[Row], list[int]]:
    added = session.execute(
        select(EntryFingerprint.id, EntryFingerprint.algorithm, EntryFingerprint.value)
        .where(
            EntryFingerprint.indexed_version > version,
            EntryFingerprint.indexed_version <= upto,
            or_(
                EntryFingerprint.removed_version.is_(None),
                EntryFingerprint.removed_version > upto,
            ),
        )
        .limit(AMEND_AT_MOST + 1)
    )
    removed = session.scalars(
        select(EntryFingerprint.id)
        .where(
            EntryFingerprint.removed_version > version,
            EntryFingerprint.removed_version <= upto,
            EntryFingerprint.indexed_version <= version,
        )
        .limit(AMEND_AT_MOST + 1)
    )
    return [Row(row.id, Algorithm(row.algorithm), row.value) for row in added], list(removed)


def _blocks(session: Session, *conditions: ColumnElement[bool]) -> Iterator[Block]:
    for algorithm in Algorithm:
        query = (
            select(EntryFingerprint.id, EntryFingerprint.value)
            .where(EntryFingerprint.algorithm == algorithm, *conditions)
            .order_by(EntryFingerprint.id)
            .execution_options(yield_per=BLOCK)
        )
        for rows in session.execute(query).partitions():
            keys = np.fromiter((row.id for row in rows), np.int64, len(rows))
            values = np.frombuffer(b"".join(row.value for row in rows), np.uint8)
            yield Block(algorithm, keys, values.reshape(len(rows), algorithm.size))
