"""Decisions that were made together."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from store.base import Base, Key


class DecisionGroup(Base):
    """One decision for many hits. `because` is what they have in common."""

    __tablename__ = "decision_groups"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    because: Mapped[str] = mapped_column(String(20))
    decided_at: Mapped[datetime]


class GroupedDecision(Base):
    """A decision that is part of a group. Decisions themselves are never changed."""

    __tablename__ = "grouped_decisions"

    decision_id: Mapped[int] = mapped_column(ForeignKey("decisions.id"), primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("decision_groups.id"), index=True)
