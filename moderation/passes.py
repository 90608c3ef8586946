"""Matching passes: over content that is new, and over what is held when the list grew.

Both go in chunks, each in its own transaction, and both may be interrupted and repeated.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, selectinload

from config.policy import Policy
from matching.index import Index, IndexDirectory
from moderation import hits
from moderation.index import ensure_current, fingerprints_new_in
from moderation.match import match
from store.content import Content, Sweep
from store.database import Database

CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class Passed:
    """What a pass did: contents looked at, ids of hits opened or changed."""

    contents: int
    hits: tuple[int, ...]


def match_content(
    database: Database,
    directory: IndexDirectory,
    policy: Policy,
    content_ids: Sequence[int],
    now: datetime,
) -> Passed:
    """Match these items whole against the newest list and put what is found into the queue.

    Before the first list there is nothing to match with: the items stay pending.
    """
    index = ensure_current(database, directory)
    if index is None:
        return Passed(0, ())
    passed = Passed(0, ())
    for start in range(0, len(content_ids), CHUNK):
        with database.write() as session:
            contents = _locked(session, Content.id.in_(content_ids[start : start + CHUNK]))
            touched = _match(session, contents, index, policy, now)
            for content in contents:
                content.matched_version = index.version
        passed = Passed(passed.contents + len(contents), passed.hits + touched)
    return passed


def pending_content(database: Database, limit: int) -> list[int]:
    """Ids of content that was never matched, oldest first: what a lost wake-up left behind."""
    with database.read() as session:
        query = (
            select(Content.id)
            .where(Content.matched_version.is_(None))
            .order_by(Content.id)
            .limit(limit)
        )
        return list(session.scalars(query))


def open_sweeps(database: Database) -> list[int]:
    """Ids of sweeps that are not finished, oldest first."""
    with database.read() as session:
        return list(
            session.scalars(select(Sweep.id).where(Sweep.finished_at.is_(None)).order_by(Sweep.id))
        )


def sweep_chunk(
    database: Database, directory: IndexDirectory, policy: Policy, sweep_id: int, now: datetime
) -> Passed | None:
    """Hold the next chunk of stored content against what the sweep's index version added.

    Returns None once the sweep is finished. Content that was matched whole against that version
    or a newer one is passed over, and so is what waits to be matched whole.
    """
    with database.read() as session:
        sweep = session.get(Sweep, sweep_id)
        if sweep is None or sweep.finished_at is not None:
            return None
        news = IndexDirectory(directory.path / f"sweep-{sweep_id}")
        index = news.current() or news.publish(
            sweep.index_version, fingerprints_new_in(session, sweep.index_version)
        )
    with database.write() as session:
        sweep = session.get_one(Sweep, sweep_id, with_for_update=True)
        contents = _locked(
            session, Content.id > sweep.cursor, Content.matched_version < sweep.index_version
        )
        if contents:
            touched = _match(session, contents, index, policy, now)
            sweep.cursor = contents[-1].id
            sweep.contents += len(contents)
            sweep.matches += len(touched)
            return Passed(len(contents), touched)
        sweep.finished_at = now
    shutil.rmtree(news.path, ignore_errors=True)
    return None


def _locked(session: Session, *conditions: ColumnElement[bool]) -> list[Content]:
    query = (
        select(Content)
        .where(*conditions)
        .options(selectinload(Content.fingerprints))
        .order_by(Content.id)
        .limit(CHUNK)
        .with_for_update(of=Content)
    )
    return list(session.scalars(query))


def _match(
    session: Session, contents: Sequence[Content], index: Index, policy: Policy, now: datetime
) -> tuple[int, ...]:
    return tuple(
        hits.record(session, match(session, contents, index, policy.matching), policy, now)
    )
