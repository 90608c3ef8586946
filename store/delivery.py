"""The outbox: what has to reach a registry or the platform, and how far it has come."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from store.base import Base, Key, Word


class Delivery(Base):
    """One outbound message. `body` holds ids and words, never a fingerprint.

    State `waiting` (until `next_attempt_at`: held, due or between tries), `sending`, `delivered`,
    `failed` (given up: visible, and sent again by a person), `cancelled` (a later decision says
    otherwise). Those with the same destination and subject leave in the order of their ids.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        Index(None, "state", "next_attempt_at"),
        Index(None, "destination", "subject", "id"),
        Index(None, "decision_id"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("decisions.id"))
    source_id: Mapped[int | None] = mapped_column(ForeignKey("sources.id"))
    destination: Mapped[str] = mapped_column(Word)
    subject: Mapped[str] = mapped_column(Word)
    action: Mapped[str] = mapped_column(String(40))
    body: Mapped[dict[str, Any]]
    idempotency_key: Mapped[str] = mapped_column(String(64), unique=True)
    state: Mapped[str] = mapped_column(String(10))
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    answer_status: Mapped[int | None]
    answer: Mapped[str] = mapped_column(Text, default="")
