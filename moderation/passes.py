"""Matching content that is new, in chunks, each in its own transaction and safe to repeat."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, selectinload

from config.policy import Policy
from matching.index import Index, IndexDirectory
from moderation import automatic, hits, platform, suspicion
from moderation.index import ensure_current, hold_version
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
    """Match those of these items that are pending whole against the newest list.

    What is found goes into the queue. Before the first list there is nothing to match with: the
    items stay pending.
    """
    passed = Passed(0, ())
    for start in range(0, len(content_ids), CHUNK):
        chunk = content_ids[start : start + CHUNK]
        done = None
        while done is None:
            index = ensure_current(database, directory)
            if index is None:
                return passed
            done = _match_chunk(database, index, policy, chunk, now)
        passed = Passed(passed.contents + done.contents, passed.hits + done.hits)
    return passed


def _match_chunk(
    database: Database, index: Index, policy: Policy, content_ids: Sequence[int], now: datetime
) -> Passed | None:
    """Match one chunk; None if the list has a newer version than the index.

    That cannot change before the commit. Otherwise a version numbered in between could be swept
    past these items while they still count as pending, and would never be held against them.
    """
    with database.write() as session:
        if hold_version(session) > index.version:
            return None
        contents = locked_content(
            session, Content.id.in_(content_ids), Content.matched_version.is_(None)
        )
        touched = match_and_record(session, contents, index, policy, now)
        platform.hold_opened(session, touched, policy, now)
        for content in contents:
            content.matched_version = index.version
        return Passed(len(contents), touched)


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
    """Content with its fingerprints, its rows locked to the end of the transaction.

    Weak enough to let a decision refer to the content meanwhile: it may hold a hit that this pass
    has more evidence for.
    """
    query = (
        select(Content)
        .where(*conditions)
        .options(selectinload(Content.fingerprints))
        .order_by(Content.id)
        .with_for_update(of=Content, key_share=True)
    )
    return list(session.scalars(query))


def match_and_record(
    session: Session, contents: Sequence[Content], index: Index, policy: Policy, now: datetime
) -> tuple[int, ...]:
    """Match locked content and put what is found into the queue; ids of hits that changed.

    What the policy decides by itself is decided, and entries that match too widely are suspected.
    """
    found = match(session, contents, index, policy.matching)
    suspicion_of = {one.entry for one in found}
    touched = hits.record(session, found, policy, now)
    if touched:
        suspicion.after_matches(session, suspicion_of, policy.suspicion, now)
        automatic.decide(session, touched, policy, now)
    return tuple(touched)
