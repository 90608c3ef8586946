"""Sources: adding and pausing them, and what people see of them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from exchange.records import Reason
from moderation import audit
from store.entry import Entry, EntryFingerprint
from store.source import DisputeReason, Source, SyncProblem, SyncRun

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,79}")
ADDRESS = re.compile(r"https?://[^\s?#@]{1,290}")
SECRET = re.compile(r"[A-Za-z0-9_]{1,80}")
RUNS_SHOWN = 50
PROBLEMS_SHOWN = 100
REASONS_KEPT = timedelta(days=1)


class SourceRefused(ValueError):
    """A source cannot be made or changed so. Says what and why."""


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
    """One source, as pages show it. `secret_name` is a name; the secret is never shown."""

    id: int
    name: str
    kind: str
    base_url: str
    secret_name: str
    member_ids: tuple[str, ...]
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


def add(
    session: Session,
    *,
    name: str,
    kind: str,
    base_url: str,
    secret_name: str,
    member_ids: Sequence[str],
    actor: str,
    now: datetime,
) -> Source:
    """Make a source. The caller has checked `kind` against the kinds that can be connected to.

    Raises SourceRefused for a bad or taken name, for an address that is not http(s) or would show
    credentials, and for a secret's name that no variable of the environment can have.
    """
    if not NAME.fullmatch(name):
        raise SourceRefused(f"source name {name!r}: letters, digits, space, dot, dash; up to 80")
    if not ADDRESS.fullmatch(base_url):
        raise SourceRefused(
            "the base URL must begin with https:// or http:// and hold no user name, password, "
            "query or fragment; it is shown and logged"
        )
    if not SECRET.fullmatch(secret_name):
        raise SourceRefused(f"secret name {secret_name!r}: letters, digits, underline; up to 80")
    if session.scalar(select(Source.id).where(Source.name == name)):
        raise SourceRefused(f"there is a source named {name!r} already")
    source = Source(
        name=name,
        kind=kind,
        base_url=base_url.rstrip("/"),
        secret_name=secret_name,
        member_ids=list(member_ids),
        paused=False,
        due_hours=None,
        checkpoint=None,
        checkpoint_serial=0,
        synced_at=None,
        reasons_at=None,
        created_at=now,
    )
    session.add(source)
    session.flush()
    audit.append(
        session,
        at=now,
        actor=actor,
        action="source.added",
        subject=f"source:{name}",
        details={"kind": kind, "base_url": source.base_url, "members": list(member_ids)},
    )
    return source


def set_paused(session: Session, name: str, *, paused: bool, actor: str, now: datetime) -> None:
    """Stop or go on reading a source. SourceRefused if there is none of that name."""
    source = by_name(session, name)
    source.paused = paused
    action = "source.paused" if paused else "source.resumed"
    audit.append(session, at=now, actor=actor, action=action, subject=f"source:{name}")


def by_name(session: Session, name: str) -> Source:
    """The source of that name. SourceRefused if there is none."""
    source = session.scalar(select(Source).where(Source.name == name))
    if source is None:
        raise SourceRefused(f"there is no source named {name!r}")
    return source


def to_sync(session: Session) -> list[int]:
    """Ids of the sources that are read: all that are not paused."""
    return list(
        session.scalars(select(Source.id).where(Source.paused.is_(False)).order_by(Source.id))
    )


def reasons_are_old(session: Session, source_id: int, now: datetime) -> bool:
    """Whether the registry's own reasons have to be fetched (again)."""
    fetched = session.scalar(select(Source.reasons_at).where(Source.id == source_id))
    return fetched is None or now - fetched >= REASONS_KEPT


def keep_reasons(
    session: Session, source_id: int, reasons: Sequence[Reason], now: datetime
) -> None:
    """Replace the cached reasons of a source."""
    session.get_one(Source, source_id).reasons_at = now
    session.execute(delete(DisputeReason).where(DisputeReason.source_id == source_id))
    session.add_all(
        DisputeReason(
            source_id=source_id,
            algorithm=reason.algorithm,
            reason_id=reason.id,
            name=reason.name,
        )
        for reason in reasons
    )


def everything(session: Session) -> list[SourceFacts]:
    """All sources with their counts."""
    return list(_facts(session))


def runs(session: Session, source_id: int) -> list[RunFacts]:
    """The newest syncs of a source, newest first."""
    query = (
        select(SyncRun)
        .where(SyncRun.source_id == source_id)
        .order_by(SyncRun.id.desc())
        .limit(RUNS_SHOWN)
    )
    return [_run(row) for row in session.scalars(query)]


def problems(session: Session, source_id: int) -> list[ProblemFacts]:
    """What could not be read lately, newest first."""
    query = (
        select(SyncProblem)
        .join(SyncRun, SyncRun.id == SyncProblem.run_id)
        .where(SyncRun.source_id == source_id)
        .order_by(SyncProblem.id.desc())
        .limit(PROBLEMS_SHOWN)
    )
    return [ProblemFacts(row.member_id, row.entry_id, row.what) for row in session.scalars(query)]


def _facts(session: Session) -> Iterator[SourceFacts]:
    entries = {
        row[0]: (row[1], row[2])
        for row in session.execute(
            select(Entry.source_id, func.count(), func.count(Entry.withdrawn_at)).group_by(
                Entry.source_id
            )
        )
    }
    prints = {
        row[0]: row[1]
        for row in session.execute(
            select(Entry.source_id, func.count())
            .join(EntryFingerprint, EntryFingerprint.entry_id == Entry.id)
            .where(EntryFingerprint.retired.is_(False))
            .group_by(Entry.source_id)
        )
    }
    newest = select(func.max(SyncRun.id)).group_by(SyncRun.source_id)
    last = {
        row.source_id: row for row in session.scalars(select(SyncRun).where(SyncRun.id.in_(newest)))
    }
    for source in session.scalars(select(Source).order_by(Source.name)):
        total, withdrawn = entries.get(source.id, (0, 0))
        run = last.get(source.id)
        yield SourceFacts(
            id=source.id,
            name=source.name,
            kind=source.kind,
            base_url=source.base_url,
            secret_name=source.secret_name,
            member_ids=tuple(source.member_ids),
            paused=source.paused,
            synced_at=source.synced_at,
            active=total - withdrawn,
            withdrawn=withdrawn,
            fingerprints=prints.get(source.id, 0),
            last_run=_run(run) if run else None,
        )


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
