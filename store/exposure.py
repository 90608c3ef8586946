"""How much somebody shall decide in a day, and when they rested."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from store.base import Base


class Exposure(Base):
    """One person's limits for a day, as a lead set them, and their last pause.

    How many they decided is counted from the decisions, and kept nowhere.
    """

    __tablename__ = "exposures"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    daily_hits: Mapped[int | None]
    daily_minutes: Mapped[int | None]
    paused_at: Mapped[datetime | None]
    back_at: Mapped[datetime | None]
