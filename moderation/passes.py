"""Matching content that is new, in chunks, each in its own transaction and safe to repeat."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, selectinload

from config.policy import Policy
from matching.index import Index, IndexDirectory
from moderation import hits
from moderation.index import ensure_current
from moderation.match import match
from store.content import Content
from store.database import Database

CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class Passed:
    """What a pass did: contents looked at, ids of hits opened or changed."""

    contents: int
    hits: tuple[int, ...]


def match_whole(
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
            contents = locked_content(session, Content.id.in_(content_ids[start : start + CHUNK]))
            touched = match_and_record(session, contents, index, policy, now)
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


def locked_content(session: Session, *conditions: ColumnElement[bool]) -> list[Content]:
    """Content with its fingerprints, its rows locked to the end of the transaction."""
    query = (
        select(Content)
        .where(*conditions)
        .options(selectinload(Content.fingerprints))
        .order_by(Content.id)
        .with_for_update(of=Content)
    )
    return list(session.scalars(query))


def match_and_record(
    session: Session, contents: Sequence[Content], index: Index, policy: Policy, now: datetime
) -> tuple[int, ...]:
    """Match locked content and put what is found into the queue; ids of hits that changed."""
    found = match(session, contents, index, policy.matching)
    return tuple(hits.record(session, found, policy, now))
