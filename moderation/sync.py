"""Step 1, sync: one page of a registry's list and its checkpoint, applied in one transaction.

A sync may be killed anywhere and may run twice at once: what a page says is applied whole or not
at all, applying it again changes nothing, and of two pages fetched from the same checkpoint only
the first is applied.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session, selectinload

from config.policy import Policy
from exchange.errors import ExchangeError
from exchange.records import Checkpoint, EntryRecord, Page, PeerVote
from moderation import audit, suspicion, unlisted, withdrawals
from store.database import Database
from store.entry import Entry, EntryCase, EntryFingerprint, PeerVoteRow
from store.source import Source, SyncProblem, SyncRun

log = logging.getLogger(__name__)

MAX_PAGES = 100_000
KEPT_PROBLEMS = 200  # named one by one for each run; beyond that they are only counted

Fetch = Callable[[Checkpoint | None, datetime], Page]


@dataclass(slots=True)
class Tally:
    """What applying pages changed, in entries."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    withdrawn: int = 0


def sync(
    database: Database,
    source_id: int,
    fetch: Fetch,
    policy: Policy,
    *,
    serial: int | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> int | None:
    """Read a source to the end of its current window and return the run's id.

    `serial` is the source's when `fetch` was made for it, now by default: once the source has
    another, by a change of its address or by another sync, nothing that `fetch` brings is applied.
    Returns None for a source that is paused or gone. Raises ExchangeError when the registry did
    not answer; everything up to then is kept and the next run goes on from there.
    """
    with database.write() as session:
        source = session.get(Source, source_id)
        if source is None or source.paused:
            return None
        run = SyncRun(source_id=source_id, started_at=clock())
        session.add(run)
        session.flush()
        run_id, checkpoint = run.id, source.checkpoint
        serial = source.checkpoint_serial if serial is None else serial
    try:
        for _ in range(MAX_PAGES):
            page = fetch(checkpoint, clock())
            if (
                not _apply(database, source_id, run_id, page, serial, policy, clock())
                or not page.more
            ):
                break
            checkpoint, serial = dict(page.checkpoint), serial + 1
    except ExchangeError as error:
        _finish(database, run_id, clock(), str(error))
        raise
    except Exception as error:
        _finish(database, run_id, clock(), f"a fault of ours, {type(error).__name__}: see the log")
        raise
    _finish(database, run_id, clock(), None)
    return run_id


def note_failure(database: Database, source_id: int, error: str, now: datetime) -> None:
    """Record a sync that failed before it could begin, where people look for it."""
    with database.write() as session:
        run = SyncRun(source_id=source_id, started_at=now)
        session.add(run)
        session.flush()
        run_id = run.id
    _finish(database, run_id, now, error)


def _apply(
    database: Database,
    source_id: int,
    run_id: int,
    page: Page,
    serial: int,
    policy: Policy,
    now: datetime,
) -> bool:
    """Apply one page with its checkpoint. False if another sync moved the checkpoint meanwhile."""
    with database.write() as session:
        # Weak enough to let a decision refer to the source meanwhile: it may hold a hit that a
        # withdrawal in this page waits for.
        source = session.get_one(Source, source_id, with_for_update={"key_share": True})
        if source.checkpoint_serial != serial:
            log.info("source %s: another sync was faster, page left to it", source.name)
            return False
        tally = apply_entries(session, source, page.entries, policy, now)
        if page.gone_before is not None:
            tally.withdrawn += unlisted.withdraw_older(
                session, source, page.gone_before, policy, now
            )
        source.checkpoint = dict(page.checkpoint)
        source.checkpoint_serial = serial + 1
        if not page.more:
            source.synced_at = now
        run = session.get_one(SyncRun, run_id)
        run.pages += 1
        run.added += tally.added
        run.changed += tally.changed
        run.unchanged += tally.unchanged
        run.withdrawn += tally.withdrawn
        for problem in page.problems[: max(0, KEPT_PROBLEMS - run.problems)]:
            session.add(
                SyncProblem(
                    run_id=run_id,
                    member_id=problem.member_id,
                    entry_id=problem.entry_id,
                    what=problem.what,
                )
            )
        run.problems += len(page.problems)
    return True


def _finish(database: Database, run_id: int, now: datetime, error: str | None) -> None:
    with database.write() as session:
        run = session.get_one(SyncRun, run_id)
        run.finished_at, run.error = now, error
        if run.added or run.changed or run.withdrawn or error:
            source = session.get_one(Source, run.source_id)
            counts = {
                name: getattr(run, name)
                for name in ("pages", "added", "changed", "withdrawn", "problems")
            }
            audit.append(
                session,
                at=now,
                actor="system:sync",
                action="source.synced" if error is None else "source.sync-failed",
                subject=f"source:{source.name}",
                details=counts | ({"error": error} if error else {}),
            )


def apply_entries(
    session: Session,
    source: Source,
    records: Sequence[EntryRecord],
    policy: Policy,
    now: datetime,
) -> Tally:
    """Bring the source's entries to what `records` say, in the caller's transaction.

    Records are whole: an update replaces what was known. If a page names an entry twice the later
    timestamp wins, and the later place where timestamps are equal.
    """
    tally = Tally()
    latest = {(record.member.id, record.entry_id): record for record in _in_time_order(records)}
    known = _known(session, source, list(latest))
    added: list[Entry] = []
    withdrawn: list[Entry] = []
    changed: list[Entry] = []
    for key, record in latest.items():
        entry = known.get(key)
        if entry is None:
            # A withdrawn one is kept too: an older, active state may still be under way.
            entry = _new_entry(source, record, now)
            session.add(entry)
            tally.withdrawn += record.withdrawn
            tally.added += not record.withdrawn
            if record.votes:
                added.append(entry)
        elif entry.listed_at and record.timestamp and record.timestamp < entry.listed_at:
            tally.unchanged += 1  # an older state than the one we hold
        elif record.withdrawn:
            if _withdraw(entry, record.timestamp, now):
                withdrawn.append(entry)
            else:
                tally.unchanged += 1
        elif _update(entry, record, now):
            changed.append(entry)
        else:
            tally.unchanged += 1
    session.flush()
    tally.changed += len(changed)
    tally.withdrawn += len(withdrawn)
    withdrawals.follow(session, withdrawn, changed, policy, now)
    suspicion.after_votes(session, [*added, *changed], policy.suspicion, now)
    return tally


def _in_time_order(records: Sequence[EntryRecord]) -> list[EntryRecord]:
    beginning = datetime.min.replace(tzinfo=UTC)
    return sorted(records, key=lambda record: record.timestamp or beginning)


def _known(
    session: Session, source: Source, keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], Entry]:
    found: dict[tuple[str, str], Entry] = {}
    for start in range(0, len(keys), 400):
        query = (
            select(Entry)
            .where(Entry.source_id == source.id)
            .where(tuple_(Entry.member_id, Entry.entry_id).in_(keys[start : start + 400]))
            .options(
                selectinload(Entry.fingerprints),
                selectinload(Entry.votes),
                selectinload(Entry.cases),
            )
        )
        for entry in session.scalars(query):
            found[(entry.member_id, entry.entry_id)] = entry
    return found


def _new_entry(source: Source, record: EntryRecord, now: datetime) -> Entry:
    return Entry(
        source_id=source.id,
        member_id=record.member.id,
        member_name=record.member.name,
        entry_id=record.entry_id,
        kind=record.kind,
        classification=record.classification,
        omitted=list(record.omitted),
        listed_at=record.timestamp,
        first_seen_at=now,
        changed_at=now,
        withdrawn_at=(record.timestamp or now) if record.withdrawn else None,
        fingerprints=[
            EntryFingerprint(algorithm=one.algorithm, value=one.value, retired=False)
            for one in dict.fromkeys(record.fingerprints)
        ],
        votes=[_vote_row(vote) for vote in record.votes],
        cases=[EntryCase(number=number) for number in dict.fromkeys(record.cases)],
    )


def _withdraw(entry: Entry, at: datetime | None, now: datetime) -> bool:
    """Take `entry` from the list; whether it stood there until now."""
    entry.listed_at = at or entry.listed_at
    if entry.withdrawn_at is not None:
        return False
    entry.withdrawn_at = at or now
    entry.changed_at = now
    for fingerprint in entry.fingerprints:
        fingerprint.retired = True
    return True


def _update(entry: Entry, record: EntryRecord, now: datetime) -> bool:
    """Make `entry` say what `record` says; whether anything changed."""
    before = _state(entry)
    entry.withdrawn_at = None
    entry.member_name = record.member.name
    entry.kind = record.kind
    entry.classification = record.classification
    entry.omitted = list(record.omitted)
    entry.listed_at = record.timestamp or entry.listed_at
    wanted = {(str(one.algorithm), one.value) for one in record.fingerprints}
    for row in entry.fingerprints:
        if (row.algorithm, row.value) not in wanted:
            row.retired = True
    # One that comes back gets a new row, so that the index and the sweep take it as new.
    held = {(row.algorithm, row.value) for row in entry.fingerprints if not row.retired}
    entry.fingerprints.extend(
        EntryFingerprint(algorithm=algorithm, value=value, retired=False)
        for algorithm, value in sorted(wanted - held)
    )
    wanted_votes = [_vote_row(vote) for vote in record.votes]
    if sorted(map(_vote_state, entry.votes)) != sorted(map(_vote_state, wanted_votes)):
        entry.votes = wanted_votes
    held_cases = {one.number: one for one in entry.cases}
    entry.cases = [
        held_cases.get(number) or EntryCase(number=number) for number in dict.fromkeys(record.cases)
    ]
    if _state(entry) == before:
        return False
    entry.changed_at = now
    return True


def _state(entry: Entry) -> tuple[object, ...]:
    return (
        entry.withdrawn_at is None,
        entry.kind,
        entry.classification,
        entry.member_name,
        sorted((row.algorithm, row.value) for row in entry.fingerprints if not row.retired),
        sorted(map(_vote_state, entry.votes)),
        sorted(one.number for one in entry.cases),
    )


def _vote_state(row: PeerVoteRow) -> tuple[str, str, str, str]:
    return (row.algorithm, row.vote, row.member_id, "|".join(row.reasons))


def _vote_row(vote: PeerVote) -> PeerVoteRow:
    return PeerVoteRow(
        algorithm=vote.algorithm.lower(),
        vote=vote.vote,
        member_id=vote.member.id,
        member_name=vote.member.name,
        reasons=list(vote.reasons),
        voted_at=vote.at,
    )
