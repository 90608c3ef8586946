"""The append-only audit log: a chain of hashes that anybody can check without trusting us.

hash = SHA-256 of the canonical JSON (sorted keys, no spaces, UTF-8) of every other field of the
line, the previous line's hash among them. The first line's previous hash is 64 zeros.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from store.audit import AuditEntry

GENESIS = "0" * 64
LOCK = 7_216_002


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
) -> int:
    """Add one line in the caller's transaction and return its number.

    Writers queue up here: on PostgreSQL by an advisory lock that the transaction holds to its
    end, on SQLite by the write lock that the unit of work took.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    last = session.execute(
        select(AuditEntry.id, AuditEntry.hash).order_by(AuditEntry.id.desc()).limit(1)
    ).first()
    number, previous = (last.id + 1, last.hash) if last else (1, GENESIS)
    line = Line(number, at, actor, action, subject, dict(details or {}), previous, "")
    session.add(
        AuditEntry(
            id=number,
            at=at,
            actor=actor,
            action=action,
            subject=subject,
            details=dict(line.details),
            previous_hash=previous,
            hash=digest(line.fields()),
        )
    )
    session.flush()
    return number


def digest(fields: Mapping[str, Any]) -> str:
    """The hash that a line with these fields must carry. The field `hash` itself is left out."""
    body = {name: value for name, value in fields.items() if name != "hash"}
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def verify(lines: Iterable[Mapping[str, Any]]) -> Iterator[Fault]:
    """Check exported lines from the first on, and name every one that does not hold.

    Needs nothing but the lines: an auditor can run it on an export, far from this machine.
    """
    previous, expected = GENESIS, 1
    for line in lines:
        number = int(line.get("id", -1))
        if number != expected:
            yield Fault(number, f"line {expected} is missing or out of place")
        if line.get("previous_hash") != previous:
            yield Fault(number, "does not follow the line before it")
        if line.get("hash") != digest(line):
            yield Fault(number, "was changed after it was written")
        previous, expected = str(line.get("hash")), number + 1


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
