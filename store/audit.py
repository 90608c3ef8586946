"""The append-only log. Each line carries the hash of the one before it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from store.base import Base, Key, Word


class AuditEntry(Base):
    """One line. The database refuses to change or delete it (triggers in the migration)."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index(None, "subject"), Index(None, "action"))

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(Word)
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(Word)
    details: Mapped[dict[str, Any]]
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
