"""Step 2, index: the active entries become a numbered version; each host builds its snapshot.

A version is a row in the database and says which fingerprints are in. The snapshot is a file on
one host, built from it and mapped by every worker there; a host that fell behind catches up by
itself before it matches.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import ColumnElement, func, or_, select, text, update
from sqlalchemy.orm import Session

from matching.fingerprint import Algorithm
from matching.index import Block, Index, IndexDirectory, Row, SnapshotError, StaleVersionError
from store.content import Sweep
from store.database import Database
from store.entry import Entry, EntryFingerprint, IndexVersion
from store.refusal import Refusal

log = logging.getLogger(__name__)

LOCK = 7_216_003
AMEND_AT_MOST = 50_000  # changes since the base; beyond it a host builds a whole snapshot anew
BLOCK = 50_000

IndexedTable = type[EntryFingerprint] | type[Refusal]
INDEXED: tuple[IndexedTable, ...] = (EntryFingerprint, Refusal)
"""What is searched: what registries list, and what was removed here."""


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
    version = IndexVersion(created_at=now, added=0, removed=0)
    for table in INDEXED:
        version.added += _count(session, table, *_fresh(table))
        version.removed += _count(session, table, *_gone(table))
    if not version.added and not version.removed:
        return None
    session.add(version)
    session.flush()
    for table in INDEXED:
        session.execute(update(table).where(*_fresh(table)).values(indexed_version=version.id))
        session.execute(update(table).where(*_gone(table)).values(removed_version=version.id))
    if version.added:
        session.add(Sweep(index_version=version.id, started_at=now))
    return version.id


def latest_version(session: Session) -> int:
    """The newest version's number; 0 before the first."""
    return session.scalar(select(func.max(IndexVersion.id))) or 0


def hold_version(session: Session) -> int:
    """The newest version's number, which stays the newest until the transaction ends."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": LOCK})
    return latest_version(session)


def ensure_current(database: Database, directory: IndexDirectory) -> Index | None:
    """This host's index, first brought to the newest version. None before there is one.

    Another process that builds at the same moment is waited for, not fought: whoever comes
    second finds the work done.
    """
    with database.read() as session:
        latest = latest_version(session)
        index = _served(directory)
        if latest == 0 or (index is not None and index.version >= latest):
            return index
        try:
            if index is not None:
                added, removed = _between(session, index.version, latest)
                if len(added) + len(removed) + index.amended <= AMEND_AT_MOST:
                    return directory.amend(latest, added, removed, since=index.version)
            return directory.publish(latest, _whole(session, latest))
        except StaleVersionError:
            return directory.current()


def refuse_damaged(directory: IndexDirectory) -> None:
    """Read this host's snapshot against its checksums; one that is damaged serves nobody any more.

    Whoever next needs the index, or keeps it, builds it anew.
    """
    try:
        directory.verify()
    except SnapshotError:
        log.exception("the index is damaged and is built anew")


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
    index = _served(directory)
    waiting = sum(_count(session, table, *_fresh(table)) for table in INDEXED)
    return Standing(
        latest=latest_version(session),
        built=index.version if index else None,
        built_at=index.built_at if index else None,
        count=index.count if index else 0,
        set_aside=index.set_aside if index else 0,
        waiting=waiting,
    )


def _served(directory: IndexDirectory) -> Index | None:
    """What this host serves; None where it has none that can be read, so that one is built."""
    try:
        return directory.current()
    except SnapshotError:
        log.exception("the index cannot be read and is built anew")
        return None


def fingerprints_new_in(session: Session, version: int) -> Iterator[Block]:
    """The fingerprints that `version` added, as blocks for an index."""
    for table in INDEXED:
        yield from _blocks(session, table, table.indexed_version == version)


def fingerprints_of_source(session: Session, source_id: int, version: int) -> Iterator[Block]:
    """The fingerprints that a source lists in `version`, as blocks for an index."""
    entries = select(Entry.id).where(Entry.source_id == source_id)
    listed = (EntryFingerprint.entry_id.in_(entries), *_in(EntryFingerprint, version))
    yield from _blocks(session, EntryFingerprint, *listed)


def _fresh(table: IndexedTable) -> tuple[ColumnElement[bool], ...]:
    return table.indexed_version.is_(None), table.retired.is_(False)


def _gone(table: IndexedTable) -> tuple[ColumnElement[bool], ...]:
    return (
        table.retired.is_(True),
        table.indexed_version.is_not(None),
        table.removed_version.is_(None),
    )


def _in(table: IndexedTable, version: int) -> tuple[ColumnElement[bool], ...]:
    """What belongs to `version`."""
    return (
        table.indexed_version <= version,
        or_(table.removed_version.is_(None), table.removed_version > version),
    )


def _count(session: Session, table: IndexedTable, *conditions: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0


def _whole(session: Session, version: int) -> Iterator[Block]:
    for table in INDEXED:
        yield from _blocks(session, table, *_in(table, version))


def _between(session: Session, version: int, upto: int) -> tuple[list[Row], list[int]]:
    """What came and what went after `version` up to `upto`; cut off just above AMEND_AT_MOST."""
    added: list[Row] = []
    removed: list[int] = []
    for table in INDEXED:
        came = session.execute(
            select(table.id, table.algorithm, table.value)
            .where(table.indexed_version > version, *_in(table, upto))
            .limit(AMEND_AT_MOST + 1)
        )
        added += [Row(_key(table, row.id), Algorithm(row.algorithm), row.value) for row in came]
        went = session.scalars(
            select(table.id)
            .where(
                table.removed_version > version,
                table.removed_version <= upto,
                table.indexed_version <= version,
            )
            .limit(AMEND_AT_MOST + 1)
        )
        removed += [_key(table, row_id) for row_id in went]
    return added, removed


def _blocks(
    session: Session, table: IndexedTable, *conditions: ColumnElement[bool]
) -> Iterator[Block]:
    for algorithm in Algorithm:
        query = (
            select(table.id, table.value)
            .where(table.algorithm == algorithm, *conditions)
            .order_by(table.id)
            .execution_options(yield_per=BLOCK)
        )
        for rows in session.execute(query).partitions():
            keys = np.fromiter((_key(table, row.id) for row in rows), np.int64, len(rows))
            values = np.frombuffer(b"".join(row.value for row in rows), np.uint8)
            yield Block(algorithm, keys, values.reshape(len(rows), algorithm.size))


def _key(table: IndexedTable, row_id: int) -> int:
    """The key in the index: entries have positive numbers, refusals negative ones."""
    return row_id if table is EntryFingerprint else -row_id
