"""What a person set for themselves: their keys, and the views of the queue that they keep."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from store.base import Base, Key


class Preference(Base):
    """A person's keys. `keys` holds only those that differ from the first ones: action to key."""

    __tablename__ = "preferences"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    keys_off: Mapped[bool] = mapped_column(default=False)
    keys: Mapped[dict[str, Any]] = mapped_column(default=dict)


class SavedView(Base):
    """Filters of the queue under a name. `query` is the address's, `starts` opens it first."""

    __tablename__ = "saved_views"
    __table_args__ = (Index(None, "person_id", "name", unique=True),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    name: Mapped[str] = mapped_column(String(60))
    query: Mapped[str] = mapped_column(String(1000))
    starts: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
