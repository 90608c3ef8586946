"""The append-only audit log: a chain of hashes that anybody can check without trusting us.

hash = SHA-256 of the canonical JSON (sorted keys, no spaces, UTF-8) of every other field of the
line, the previous line's hash among them. The first line's previous hash is 64 zeros.

Lines are numbered and chained as the last thing before their transaction commits. Whoever adds
one then holds the end of the chain, and nobody who holds it waits for anything else: two
transactions cannot wait for each other, and nobody waits longer than a commit takes.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import event, select, text
from sqlalchemy.orm import Session, SessionTransaction

from store.audit import AuditEntry

GENESIS = "0" * 64
LOCK = 7_216_002
WAITING = "audit lines that the commit writes"
MARKS = "how many of them stood before each savepoint"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log, as it is shown, exported and verified."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    details: Mapping[str, Any]
    previous_hash: str
    hash: str

    def fields(self) -> dict[str, Any]:
        """The line as JSON-able data, times in RFC 3339 with microseconds and a Z."""
        return {
            "id": self.id,
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "actor": self.actor,
            "action": self.action,
            "subject": self.subject,
            "details": dict(self.details),
            "previous_hash": self.previous_hash,
            "hash": self.hash,
        }


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a chain does not hold, and why."""

    id: int
    what: str


def append(
    session: Session,
    *,
    at: datetime,
    actor: str,
    action: str,
    subject: str,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Add one line to the caller's transaction: it stands if that commits, and not otherwise.

    `details` are kept as JSON has them. Raises TypeError or ValueError for what JSON has not.
    """
    kept = json.loads(json.dumps(dict(details or {}), allow_nan=False))
    line = Line(0, at, actor, action, subject, kept, "", "")
    session.info.setdefault(WAITING, []).append(line)


@event.listens_for(Session, "after_transaction_create")
def _mark(session: Session, transaction: SessionTransaction) -> None:
    """Remember which lines stood before a savepoint."""
    if transaction.nested:
        marks = session.info.setdefault(MARKS, {})
        marks[transaction] = len(session.info.get(WAITING, ()))


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    """What was rolled back to a savepoint did not happen, and is not logged."""
    mark = session.info.get(MARKS, {}).pop(transaction, None)
    if mark is not None:
        del session.info.get(WAITING, [])[mark:]


@event.listens_for(Session, "before_commit")
def _write(session: Session) -> None:
    """Chain the transaction's lines to the end of the log. A savepoint's wait for the whole.

    Writers queue up here: on PostgreSQL by an advisory lock that the transaction holds to its
    end, on SQLite by the write lock that the unit of work took.
    """
    if session.in_nested_transaction():
        return
    waiting: list[Line] = session.info.pop(WAITING, [])
    if not waiting:
        return
    session.flush()  # what this transaction locks besides, it locks before
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    last = session.execute(
        select(AuditEntry.id, AuditEntry.hash).order_by(AuditEntry.id.desc()).limit(1)
    ).first()
    number, previous = (last.id, last.hash) if last else (0, GENESIS)
    for line in waiting:
        number += 1
        line = replace(line, id=number, previous_hash=previous)
        previous = digest(line.fields())
        session.add(
            AuditEntry(
                id=number,
                at=line.at,
                actor=line.actor,
                action=line.action,
                subject=line.subject,
                details=line.details,
                previous_hash=line.previous_hash,
                hash=previous,
            )
        )


def digest(fields: Mapping[str, Any]) -> str:
    """The hash that a line with these fields must carry. The field `hash` itself is left out."""
    body = {name: value for name, value in fields.items() if name != "hash"}
    return hashlib.sha256(_canonical(body)).hexdigest()


def _canonical(value: Mapping[str, Any]) -> bytes:
    """Sorted keys, no spaces, UTF-8; lone surrogates too, which an export can carry escaped."""
    written = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return written.encode("utf-8", "surrogatepass")


def verify(lines: Iterable[Mapping[str, Any]]) -> Iterator[Fault]:
    """Check exported lines from the first on, and name every one that does not hold.

    Needs nothing but the lines: an auditor can run it on an export, far from this machine.
    """
    previous, expected = GENESIS, 1
    for line in lines:
        number = line.get("id")
        if type(number) is not int:
            number = 0
        if number != expected:
            yield Fault(number, f"line {expected} is missing or out of place")
        if line.get("previous_hash") != previous:
            yield Fault(number, "does not follow the line before it")
        if line.get("hash") != digest(line):
            yield Fault(number, "was changed after it was written")
        previous, expected = str(line.get("hash")), (number or expected) + 1


def lines(
    session: Session,
    *,
    after: int = 0,
    before: int | None = None,
    subject: str | None = None,
    action: str | None = None,
    newest_first: bool = False,
    limit: int | None = None,
) -> Iterator[Line]:
    """Lines of the log in order, streamed; filters are exact."""
    query = select(AuditEntry).where(AuditEntry.id > after)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    if subject:
        query = query.where(AuditEntry.subject == subject)
    if action:
        query = query.where(AuditEntry.action == action)
    query = query.order_by(AuditEntry.id.desc() if newest_first else AuditEntry.id).limit(limit)
    for row in session.scalars(query.execution_options(yield_per=500)):
        yield Line(
            row.id,
            row.at,
            row.actor,
            row.action,
            row.subject,
            row.details,
            row.previous_hash,
            row.hash,
        )
