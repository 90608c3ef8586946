"""Decisions that wait for a second person."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from store.base import Base, Key
from store.person import Person


class Proposal(Base):
    """What one person would decide of an open hit. Settled once the hit is decided."""

    __tablename__ = "proposals"
    __table_args__ = (Index(None, "hit_id", "settled_at"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    hit_id: Mapped[int] = mapped_column(ForeignKey("hits.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    verdict: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(40))
    registry_reason: Mapped[str] = mapped_column(String(200))
    note: Mapped[str] = mapped_column(Text, default="")
    why: Mapped[str] = mapped_column(String(120))
    proposed_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="raise")
