"""Sources: configured connections to registries, and what each sync of them did."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from store.base import Base, Key, Word


class Source(Base):
    """One configured connection to a registry.

    `secret_name` names a setting; the credentials themselves are never in the database.
    `checkpoint` is the client's own; `checkpoint_serial` counts its changes, so that of two syncs
    that ran at once only one can have its page applied. `reasons_at` is when the registry's own
    dispute reasons were last fetched; some registries have none. `told` is what it can be told
    (exchange.records.Told). `pdq_distance` in bits and `pdq_quality` are this source's own
    thresholds, `due_hours` its own due time; the policy's hold where they are None.
    """

    __tablename__ = "sources"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    base_url: Mapped[str] = mapped_column(String(300))
    secret_name: Mapped[str] = mapped_column(String(80))
    member_ids: Mapped[list[str]] = mapped_column(default=list)
    told: Mapped[list[str]] = mapped_column(default=list)
    paused: Mapped[bool] = mapped_column(default=False)
    due_hours: Mapped[float | None]
    pdq_distance: Mapped[int | None]
    pdq_quality: Mapped[int | None]
    checkpoint: Mapped[dict[str, Any] | None]
    checkpoint_serial: Mapped[int] = mapped_column(default=0)
    synced_at: Mapped[datetime | None]
    reasons_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class SyncRun(Base):
    """One sync of one source: what it read and how it ended. `error` is None if all went well."""

    __tablename__ = "sync_runs"
    __table_args__ = (Index(None, "source_id", "id"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id"))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    pages: Mapped[int] = mapped_column(default=0)
    added: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    withdrawn: Mapped[int] = mapped_column(default=0)
    problems: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(Text)


class SyncProblem(Base):
    """One entry that could not be read, by name, with the reason. Never a fingerprint."""

    __tablename__ = "sync_problems"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("sync_runs.id"), index=True)
    member_id: Mapped[str | None] = mapped_column(Word)
    entry_id: Mapped[str | None] = mapped_column(Word)
    what: Mapped[str] = mapped_column(Text)


class DisputeReason(Base):
    """A registry's own reason for a negative vote, cached from it."""

    __tablename__ = "dispute_reasons"
    __table_args__ = (Index(None, "source_id", "algorithm", "reason_id", unique=True),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id"))
    algorithm: Mapped[str] = mapped_column(String(20))
    reason_id: Mapped[str] = mapped_column(Word)
    name: Mapped[str] = mapped_column(Word)


class SourceRecord(Base):
    """How many hits on a source's entries stand decided so: its record, kept with each decision."""

    __tablename__ = "source_records"

    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id"), primary_key=True)
    verdict: Mapped[str] = mapped_column(String(10), primary_key=True)
    hits: Mapped[int] = mapped_column(default=0)
