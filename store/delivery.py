"""The outbox: what has to reach a registry or the platform, and how far it has come."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from store.base import Base, Key, Word


class Delivery(Base):
    """One outbound message. `body` holds ids and words, never a fingerprint.

    State `waiting` (until `next_attempt_at`: held, due or failed and tried again), `sending`,
    `delivered`, `given-up` (visible, and sent again by a person), `cancelled` (a later decision
    says otherwise). Those with the same destination and subject leave in the order of their ids.
    Without a decision it tells how the hit itself stands.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        Index(None, "state", "next_attempt_at"),
        Index(None, "destination", "subject", "id"),
        Index(None, "decision_id"),
        Index(None, "hit_id"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    hit_id: Mapped[int] = mapped_column(ForeignKey("hits.id"))
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id"))
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


class Destination(Base):
    """A party that deliveries go to, and whether it answers.

    `failures` counts those in a row that were the party's, not the message's. Until `retry_at`
    nothing is sent to it; then one message tries. Rows appear with the first answer or failure.
    """

    __tablename__ = "destinations"

    name: Mapped[str] = mapped_column(Word, primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(Text, default="")
