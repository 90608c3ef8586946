"""What people see of sources: their settings, their counts, what their readings did."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from exchange.records import Told
from moderation.source_settings import SourceSettings, settings_of
from store.entry import Entry, EntryFingerprint
from store.source import Source, SyncProblem, SyncRun

RUNS_SHOWN = 50
PROBLEMS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class RunFacts:
    """One sync of a source, as pages show it."""

    id: int
    started_at: datetime
    finished_at: datetime | None
    pages: int
    added: int
    changed: int
    unchanged: int
    withdrawn: int
    problems: int
    error: str | None


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """One source, as pages show it. Its secret is known by name and is never shown."""

    id: int
    name: str
    kind: str
    settings: SourceSettings
    told: tuple[Told, ...]
    paused: bool
    synced_at: datetime | None
    active: int
    withdrawn: int
    fingerprints: int
    last_run: RunFacts | None


@dataclass(frozen=True, slots=True)
class ProblemFacts:
    """One entry that could not be read, and why."""

    member_id: str | None
    entry_id: str | None
    what: str


def everything(session: Session) -> list[SourceFacts]:
    """All sources with their counts, by name. There are at most sources.SOURCES."""
    return _facts(session, list(session.scalars(select(Source).order_by(Source.name))))


def one(session: Session, source_id: int) -> SourceFacts | None:
    """One source with its counts; None if there is none of that id."""
    source = session.get(Source, source_id)
    return _facts(session, [source])[0] if source else None


def runs(session: Session, source_id: int, limit: int = RUNS_SHOWN) -> list[RunFacts]:
    """The newest syncs of a source, newest first."""
    query = (
        select(SyncRun)
        .where(SyncRun.source_id == source_id)
        .order_by(SyncRun.id.desc())
        .limit(limit)
    )
    return [_run(row) for row in session.scalars(query)]


def problems(session: Session, source_id: int, limit: int = PROBLEMS_SHOWN) -> list[ProblemFacts]:
    """What could not be read lately, newest first."""
    query = (
        select(SyncProblem)
        .join(SyncRun, SyncRun.id == SyncProblem.run_id)
        .where(SyncRun.source_id == source_id)
        .order_by(SyncProblem.id.desc())
        .limit(limit)
    )
    return [ProblemFacts(row.member_id, row.entry_id, row.what) for row in session.scalars(query)]


def _facts(session: Session, sources: Collection[Source]) -> list[SourceFacts]:
    ids = [source.id for source in sources]
    entries = {
        row[0]: (row[1], row[2])
        for row in session.execute(
            select(Entry.source_id, func.count(), func.count(Entry.withdrawn_at))
            .where(Entry.source_id.in_(ids))
            .group_by(Entry.source_id)
        )
    }
    prints = {
        row[0]: row[1]
        for row in session.execute(
            select(Entry.source_id, func.count())
            .join(EntryFingerprint, EntryFingerprint.entry_id == Entry.id)
            .where(Entry.source_id.in_(ids), EntryFingerprint.retired.is_(False))
            .group_by(Entry.source_id)
        )
    }
    newest = (
        select(func.max(SyncRun.id)).where(SyncRun.source_id.in_(ids)).group_by(SyncRun.source_id)
    )
    last = {
        row.source_id: row for row in session.scalars(select(SyncRun).where(SyncRun.id.in_(newest)))
    }
    found = []
    for source in sources:
        total, withdrawn = entries.get(source.id, (0, 0))
        run = last.get(source.id)
        found.append(
            SourceFacts(
                id=source.id,
                name=source.name,
                kind=source.kind,
                settings=settings_of(source),
                told=tuple(map(Told, source.told)),
                paused=source.paused,
                synced_at=source.synced_at,
                active=total - withdrawn,
                withdrawn=withdrawn,
                fingerprints=prints.get(source.id, 0),
                last_run=_run(run) if run else None,
            )
        )
    return found


def _run(row: SyncRun) -> RunFacts:
    return RunFacts(
        row.id,
        row.started_at,
        row.finished_at,
        row.pages,
        row.added,
        row.changed,
        row.unchanged,
        row.withdrawn,
        row.problems,
        row.error,
    )
