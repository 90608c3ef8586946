"""Sweeps: what the platform holds already, against what is new on the list.

The new fingerprints are few, so those are indexed, and the stored ones stream past them: a chunk
of content ids a job, any number of workers, resumable, never the library in memory. A source whose
thresholds became wider is swept whole in the same way.
"""

import shutil
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from config.policy import Matching, Policy
from matching.fingerprint import Algorithm
from matching.index import Index, IndexDirectory
from moderation import passes, platform
from moderation.index import fingerprints_new_in, fingerprints_of_source, latest_version
from moderation.match import search
from moderation.refusals import usable
from store.content import Content, ContentFingerprint, Sweep, SweepChunk
from store.database import Database
from store.source import Source

CHUNK = 20_000  # content ids
ROWS = 50_000  # fingerprints in memory at once
LEASE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sweep has come, in chunks of content; `contents` and `hits` so far.

    `source` is the name of the one that is swept whole, None for what the version added.
    """

    sweep_id: int
    index_version: int
    source: str | None
    chunks: int
    done: int
    contents: int
    hits: int


def open_sweeps(database: Database) -> list[int]:
    """Ids of sweeps that are not finished, oldest first, each cut into chunks by now.

    A sweep is cut when it is first looked at. Content that is stored later needs no sweep: its
    own match begins after the version was numbered, and so holds it against that version.
    """
    with database.write() as session:
        sweeps = list(
            session.scalars(
                select(Sweep)
                .where(Sweep.finished_at.is_(None))
                .order_by(Sweep.id)
                .with_for_update()
            )
        )
        for sweep in sweeps:
            if session.scalar(
                select(SweepChunk.id).where(SweepChunk.sweep_id == sweep.id).limit(1)
            ):
                continue
            last = session.scalar(select(func.max(Content.id))) or 0
            session.add_all(
                SweepChunk(sweep_id=sweep.id, first_id=first, last_id=first + CHUNK - 1)
                for first in range(1, max(last, 1) + 1, CHUNK)
            )
        return [sweep.id for sweep in sweeps]


def sweep_next(
    database: Database, directory: IndexDirectory, policy: Policy, sweep_id: int, now: datetime
) -> int | None:
    """Take the sweep's next free chunk and do it; the chunk's id, None when none is free.

    Done twice it has the effect of once: what was matched stands, and is passed over.
    """
    with database.write() as session:
        chunk = session.scalar(
            select(SweepChunk)
            .where(
                SweepChunk.sweep_id == sweep_id,
                SweepChunk.done_at.is_(None),
                or_(SweepChunk.leased_until.is_(None), SweepChunk.leased_until <= now),
            )
            .order_by(SweepChunk.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if chunk is None:
            return None
        chunk.leased_until = now + LEASE
        sweep = session.get_one(Sweep, sweep_id)
    index = _swept(database, directory, sweep)
    contents, near = _search(database, chunk, sweep, index, policy.matching)
    hits: tuple[int, ...] = ()
    for start in range(0, len(near), passes.CHUNK):
        with database.write() as session:
            part = near[start : start + passes.CHUNK]
            locked = passes.locked_content(session, Content.id.in_(part))
            touched = passes.match_and_record(session, locked, index, policy, now)
            platform.hold_opened(session, touched, policy, now)
            hits += touched
    with database.write() as session:
        # Two workers that end at once queue up here, so that the second sees the first one done.
        session.get_one(Sweep, sweep_id, with_for_update=True)
        session.execute(
            update(SweepChunk)
            .where(SweepChunk.id == chunk.id)
            .values(done_at=now, contents=contents, hits=len(hits))
        )
        _finish(session, sweep_id, now)
    return chunk.id


def tidy(database: Database, directory: IndexDirectory) -> None:
    """Remove this host's index files of sweeps that are finished."""
    with database.read() as session:
        open_names = {_folder(sweep_id) for sweep_id in unfinished(session)}
    for folder in directory.path.glob(_folder("*")):
        if folder.name not in open_names:
            shutil.rmtree(folder, ignore_errors=True)


def unfinished(session: Session) -> list[int]:
    """Ids of sweeps that are not finished, oldest first."""
    query = select(Sweep.id).where(Sweep.finished_at.is_(None)).order_by(Sweep.id)
    return list(session.scalars(query))


def progress(session: Session, sweep_ids: Sequence[int]) -> list[Progress]:
    """How far these sweeps have come, oldest first."""
    query = (
        select(
            Sweep.id,
            Sweep.index_version,
            Source.name,
            func.count(SweepChunk.id),
            func.count(SweepChunk.done_at),
            func.coalesce(func.sum(SweepChunk.contents), 0),
            func.coalesce(func.sum(SweepChunk.hits), 0),
        )
        .outerjoin(SweepChunk, SweepChunk.sweep_id == Sweep.id)
        .outerjoin(Source, Source.id == Sweep.source_id)
        .where(Sweep.id.in_(sweep_ids))
        .group_by(Sweep.id, Sweep.index_version, Source.name)
        .order_by(Sweep.id)
    )
    return [Progress(*row) for row in session.execute(query)]


def again(session: Session, since: int) -> None:
    """Open every sweep of an index version after `since` anew, from its first chunk."""
    wanted = select(Sweep.id).where(Sweep.index_version > since)
    session.execute(delete(SweepChunk).where(SweepChunk.sweep_id.in_(wanted)))
    session.execute(update(Sweep).where(Sweep.index_version > since).values(finished_at=None))


def over_source(session: Session, source_id: int, now: datetime) -> None:
    """Open a sweep over all that a source lists now. Before the first list there is nothing."""
    version = latest_version(session)
    if version:
        session.add(Sweep(index_version=version, source_id=source_id, started_at=now))


def _folder(sweep_id: int | str) -> str:
    return f"sweep-{sweep_id}"


def _swept(database: Database, directory: IndexDirectory, sweep: Sweep) -> Index:
    """The index of what is swept, built by whoever on this host needs it first."""
    news = IndexDirectory(directory.path / _folder(sweep.id))
    index, version = news.current(), sweep.index_version
    if index is None:
        with database.read() as session:
            if sweep.source_id is None:
                blocks = fingerprints_new_in(session, version)
            else:
                blocks = fingerprints_of_source(session, sweep.source_id, version)
            index = news.publish(version, blocks)
    return index


def _search(
    database: Database, chunk: SweepChunk, sweep: Sweep, index: Index, rules: Matching
) -> tuple[int, list[int]]:
    """How many items the chunk holds, and the ids of those that something swept is near to.

    Whatever was matched whole against the version is left out, and so is what waits for that. For
    a source it is not: that may have been under the narrower thresholds.
    """
    matched = Content.matched_version
    due = matched < sweep.index_version if sweep.source_id is None else matched.is_not(None)
    query = (
        select(
            ContentFingerprint.content_id,
            ContentFingerprint.algorithm,
            ContentFingerprint.value,
            ContentFingerprint.quality,
        )
        .join(Content, Content.id == ContentFingerprint.content_id)
        .where(
            ContentFingerprint.content_id.between(chunk.first_id, chunk.last_id),
            due,
        )
        .execution_options(yield_per=ROWS)
    )
    seen: set[int] = set()
    near: set[int] = set()
    with database.read() as session:
        for rows in session.execute(query).partitions():
            values: dict[Algorithm, list[bytes]] = defaultdict(list)
            owners: dict[Algorithm, list[int]] = defaultdict(list)
            for content_id, algorithm, value, quality in rows:
                seen.add(content_id)
                if usable(algorithm, quality, rules):
                    values[Algorithm(algorithm)].append(value)
                    owners[Algorithm(algorithm)].append(content_id)
            for algorithm, batch in values.items():
                places = search(index, algorithm, batch, rules).query
                near.update(owners[algorithm][place] for place in places)
    return len(seen), sorted(near)


def _finish(session: Session, sweep_id: int, now: datetime) -> None:
    left = select(SweepChunk.id).where(
        SweepChunk.sweep_id == sweep_id, SweepChunk.done_at.is_(None)
    )
    if session.scalar(left.limit(1)) is None:
        session.execute(
            update(Sweep)
            .where(Sweep.id == sweep_id, Sweep.finished_at.is_(None))
            .values(finished_at=now)
        )
