"""Hits that somebody passed over."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from store.base import Base


class Skip(Base):
    """When a person passed a hit over last. The reason stands in the log."""

    __tablename__ = "skips"

    hit_id: Mapped[int] = mapped_column(ForeignKey("hits.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    skipped_at: Mapped[datetime]
