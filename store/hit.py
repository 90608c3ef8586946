"""Hits, the matches they stand on, and the decisions made of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from store.base import Base, Key
from store.content import Content
from store.entry import Entry, EntryFingerprint
from store.person import Person


def _where_set(column: str) -> Index:
    """An index on the few hits that have `column` set."""
    condition = text(f"{column} IS NOT NULL")
    return Index(None, column, "id", sqlite_where=condition, postgresql_where=condition)


class Hit(Base):
    """One piece of content with all of its matches: what is queued, claimed and decided.

    State `open` waits for a decision, `decided` has one, `withdrawn` needs none any more because
    every entry behind it was withdrawn. `urgent_at` is the due time, made earlier by the priority:
    the queue's order. `nearest` is the least distance of its matches. `lease_number` grows with
    every claim, so that a decision made on an old page is recognised even after the same person
    claimed the hit again.

    `closed_reason` says why a hit was withdrawn. `unsupported_at` is when the last entry behind a
    removal was withdrawn. `paused_at` stands while its clock is stopped, `stood_seconds` is for how
    long it was before, `escalated_at` from when it wants a lead's eye; `for_lead` keeps it for one,
    `proposer_id` for anybody but the person who proposed a decision. `review_reason` is why a
    person is to look at a decision again.
    """

    __tablename__ = "hits"
    __table_args__ = (
        # One open hit per content; what is found later is more evidence on it.
        Index(
            "uq_hits_open_content",
            "content_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index(None, "state", "urgent_at", "id"),
        Index(None, "state", "closed_at", "id"),
        Index(None, "state", "due_at"),
        Index(None, "state", "at_risk_at"),
        Index(None, "opened_at"),
        Index(None, "holder_id"),
        Index(None, "content_id"),
        _where_set("unsupported_at"),
        _where_set("paused_at"),
        _where_set("escalated_at"),
        _where_set("review_reason"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    content_id: Mapped[int] = mapped_column(ForeignKey("content.id"))
    state: Mapped[str] = mapped_column(String(10), default="open")
    verdict: Mapped[str | None] = mapped_column(String(10))
    priority: Mapped[int] = mapped_column(default=0)
    nearest: Mapped[int] = mapped_column(default=0)
    priority_reasons: Mapped[list[str]] = mapped_column(default=list)
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    at_risk_at: Mapped[datetime]
    urgent_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    holder_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    lease_until: Mapped[datetime | None]
    lease_number: Mapped[int] = mapped_column(default=0)
    closed_reason: Mapped[str | None] = mapped_column(String(40))
    unsupported_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    paused_reason: Mapped[str | None] = mapped_column(String(200))
    stood_seconds: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    escalated_at: Mapped[datetime | None]
    escalated_reason: Mapped[str | None] = mapped_column(String(200))
    for_lead: Mapped[bool] = mapped_column(default=False, server_default=false())
    proposer_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    review_reason: Mapped[str | None] = mapped_column(String(80))

    content: Mapped[Content] = relationship(lazy="raise")
    holder: Mapped[Person | None] = relationship(lazy="raise", foreign_keys=[holder_id])
    matches: Mapped[list["Match"]] = relationship(
        lazy="raise", order_by="Match.id", foreign_keys="Match.hit_id"
    )
    decisions: Mapped[list["Decision"]] = relationship(lazy="raise", order_by="Decision.ordinal")


class Match(Base):
    """Content × entry through one algorithm, at one distance, threshold and index version.

    `difference` is the XOR of the two values: which bits differ, never what they are. For a film
    the match is the nearest frame, with how many frames matched and where. A match with what the
    hit `refused_hit_id` removed names the entry that stood behind that removal and no fingerprint
    of it: `fingerprint_id` is the entry's that matched.
    """

    __tablename__ = "matches"
    __table_args__ = (
        Index(
            "uq_matches_listed",
            "hit_id",
            "entry_id",
            "algorithm",
            unique=True,
            sqlite_where=text("refused_hit_id IS NULL"),
            postgresql_where=text("refused_hit_id IS NULL"),
        ),
        Index(None, "hit_id"),
        Index(None, "content_id"),
        Index(None, "entry_id", "matched_at"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    hit_id: Mapped[int] = mapped_column(ForeignKey("hits.id"))
    content_id: Mapped[int] = mapped_column(ForeignKey("content.id"))
    content_revision: Mapped[int]
    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id"))
    fingerprint_id: Mapped[int | None] = mapped_column(ForeignKey("entry_fingerprints.id"))
    algorithm: Mapped[str] = mapped_column(String(20))
    distance: Mapped[int]
    threshold: Mapped[int]
    difference: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    quality: Mapped[int | None]
    frames: Mapped[list[float]] = mapped_column(default=list)
    refused_hit_id: Mapped[int | None] = mapped_column(ForeignKey("hits.id"))
    index_version: Mapped[int]
    matched_at: Mapped[datetime]

    entry: Mapped[Entry] = relationship(lazy="raise")
    fingerprint: Mapped[EntryFingerprint | None] = relationship(lazy="raise")


class Decision(Base):
    """Confirm, remove or dispute. Never changed: a reversal is the hit's next decision.

    The unique (hit, ordinal) is what makes "decided once" true whatever the callers do. Without a
    person it was made by the policy of `policy_version`. `ended` is what it ended on the hit
    (moderation.interruptions), None for nothing.
    """

    __tablename__ = "decisions"
    __table_args__ = (
        Index(None, "hit_id", "ordinal", unique=True),
        Index(None, "decided_at"),
        Index(None, "person_id", "decided_at"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    hit_id: Mapped[int] = mapped_column(ForeignKey("hits.id"))
    ordinal: Mapped[int]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    verdict: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(Text, default="")
    policy_version: Mapped[str] = mapped_column(String(12))
    decided_at: Mapped[datetime]
    ended: Mapped[dict[str, Any] | None]

    person: Mapped[Person | None] = relationship(lazy="raise")
    undo: Mapped["Undo | None"] = relationship(lazy="raise", back_populates="decision")


class Undo(Base):
    """A decision taken back before the registries heard of it. Never changed, like the decision."""

    __tablename__ = "undos"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("decisions.id"), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    undone_at: Mapped[datetime]

    decision: Mapped[Decision] = relationship(lazy="raise", back_populates="undo")
