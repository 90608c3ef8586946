"""Fingerprints of content that was removed: refused from then on, like those of an entry."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from store.base import Base, Key
from store.hit import Hit
from store.indexed import Indexed


class Refusal(Indexed, Base):
    """One fingerprint that a removal refuses. Retired when the removal is reversed.

    Its key in the index is its id with a minus sign: entries have the positive numbers.
    """

    __tablename__ = "refusals"
    __table_args__ = (
        Index(None, "hit_id"),
        Index(None, "indexed_version", "id"),
        Index(None, "removed_version", "id"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    hit_id: Mapped[int] = mapped_column(ForeignKey("hits.id"))
    content_id: Mapped[int] = mapped_column(ForeignKey("content.id"))
    created_at: Mapped[datetime]

    hit: Mapped[Hit] = relationship(lazy="raise")
