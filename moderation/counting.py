"""Counts that cost the same however much there is: up to a cap, and "or more" beyond it."""

from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

CAP = 1_000


@dataclass(frozen=True, slots=True)
class Count:
    """How many; `more` where there may be more than that."""

    number: int
    more: bool = False

    def __bool__(self) -> bool:
        return self.number > 0

    def __str__(self) -> str:
        return f"{self.number:,}{'+' if self.more else ''}"


def capped(session: Session, query: Select[int], cap: int = CAP) -> Count:
    """How many rows `query` has, counted to `cap` and no further."""
    number = session.scalar(select(func.count()).select_from(query.limit(cap + 1).subquery())) or 0
    return Count(min(number, cap), number > cap)
