"""Content of our own platform: an opaque id, fingerprints and a little context. Never bytes."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from store.base import Base, Key


class Content(Base):
    """One item on the platform. `platform_id` is the platform's own, opaque to us.

    `matched_version` is the index version it was last matched whole against; None asks for it.
    `revision` grows when the platform sends other fingerprints under the same id.
    """

    __tablename__ = "content"
    __table_args__ = (Index(None, "matched_version", "id"), Index(None, "uploader"))

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    platform_id: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    surface: Mapped[str | None] = mapped_column(String(80))
    uploader: Mapped[str | None] = mapped_column(String(200))
    posted_at: Mapped[datetime | None]
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    seen_count: Mapped[int] = mapped_column(default=1)
    revision: Mapped[int] = mapped_column(default=1)
    matched_version: Mapped[int | None]

    fingerprints: Mapped[list["ContentFingerprint"]] = relationship(
        lazy="raise", cascade="all, delete-orphan", order_by="ContentFingerprint.id"
    )


class ContentFingerprint(Base):
    """One fingerprint of an item. `quality` is PDQ's, 0 to 100; `at` is seconds into a film."""

    __tablename__ = "content_fingerprints"
    __table_args__ = (Index(None, "content_id"), Index(None, "algorithm", "value"))

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    content_id: Mapped[int] = mapped_column(ForeignKey("content.id"))
    algorithm: Mapped[str] = mapped_column(String(20))
    value: Mapped[bytes] = mapped_column(LargeBinary(64))
    quality: Mapped[int | None]
    at: Mapped[float | None]


class Sweep(Base):
    """Holding what is stored against the fingerprints that one index version added.

    With a source: against all that this source lists in that version, because its thresholds are
    wider now.
    """

    __tablename__ = "sweeps"
    __table_args__ = (
        Index(
            "uq_sweeps_index_version",
            "index_version",
            unique=True,
            sqlite_where=text("source_id IS NULL"),
            postgresql_where=text("source_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    index_version: Mapped[int] = mapped_column(ForeignKey("index_versions.id"))
    source_id: Mapped[int | None] = mapped_column(ForeignKey("sources.id"))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class SweepChunk(Base):
    """One range of content ids of a sweep, both ends included: what one job does.

    Taken under a lease, so that any number of workers share a sweep, and a chunk whose worker
    died is taken again.
    """

    __tablename__ = "sweep_chunks"
    __table_args__ = (Index(None, "sweep_id", "done_at", "id"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    sweep_id: Mapped[int] = mapped_column(ForeignKey("sweeps.id"))
    first_id: Mapped[int] = mapped_column(Key)
    last_id: Mapped[int] = mapped_column(Key)
    leased_until: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    contents: Mapped[int] = mapped_column(default=0)
    hits: Mapped[int] = mapped_column(default=0)
