"""A circuit for each destination: one that does not answer is left alone and costs nobody else.

After some failures in a row that were the party's own nothing is sent to it for a while, a while
that doubles; then one message tries. Its first answer, whatever it says, closes the circuit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.policy import Outbox
from exchange.errors import ExchangeError, Unavailable
from store.delivery import Destination
from store.upsert import insert


@dataclass(frozen=True, slots=True)
class Circuit:
    """How a destination stands. `trying` is true when it failed and one message may try."""

    name: str
    failures: int
    retry_at: datetime | None
    trying: bool
    error: str
    failed_at: datetime | None
    answered_at: datetime | None

    @property
    def open(self) -> bool:
        """Whether nothing is sent to it now."""
        return self.retry_at is not None and not self.trying


def standing(session: Session, now: datetime) -> Mapping[str, Circuit]:
    """Every destination that ever answered or failed, by name."""
    query = select(Destination).order_by(Destination.name)
    return {row.name: _circuit(row, now) for row in session.scalars(query)}


def of(session: Session, name: str, now: datetime) -> Circuit:
    """One destination; a closed circuit for one that nothing was ever sent to."""
    row = session.get(Destination, name)
    return _circuit(row, now) if row else Circuit(name, 0, None, False, "", None, None)


def note_answer(session: Session, name: str, now: datetime) -> None:
    """It answered: the circuit closes, in the caller's transaction."""
    row = _row(session, name)
    row.failures, row.retry_at, row.answered_at, row.error = 0, None, now, ""


def note_failure(
    session: Session, name: str, error: ExchangeError, rules: Outbox, now: datetime
) -> None:
    """It did not answer, or asked to be left alone, in the caller's transaction.

    A refusal is an answer: something is wrong with the message and not with the party.
    """
    if not isinstance(error, Unavailable):
        note_answer(session, name, now)
        return
    row = _row(session, name)
    row.failures += 1
    row.failed_at, row.error = now, str(error)
    beyond = row.failures - rules.circuit_failures
    asked = error.retry_after or 0.0
    if beyond >= 0 or asked:
        doubled = rules.first_retry_seconds * 2.0 ** min(max(beyond, 0), 30)
        wait = max(min(doubled, rules.circuit_longest_seconds), asked)
        row.retry_at = now + timedelta(seconds=wait)


def close(session: Session, name: str) -> None:
    """Let everything to `name` try at once: a person said so."""
    row = _row(session, name)
    row.failures, row.retry_at = 0, None


def _row(session: Session, name: str) -> Destination:
    session.execute(
        insert(session, Destination)
        .values(name=name, failures=0, error="")
        .on_conflict_do_nothing(index_elements=[Destination.name])
    )
    return session.get_one(Destination, name, with_for_update=True)


def _circuit(row: Destination, now: datetime) -> Circuit:
    return Circuit(
        name=row.name,
        failures=row.failures,
        retry_at=row.retry_at,
        trying=row.retry_at is not None and row.retry_at <= now,
        error=row.error,
        failed_at=row.failed_at,
        answered_at=row.answered_at,
    )
