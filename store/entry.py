"""Entries of the registries' lists, their fingerprints, and what other members say of them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from store.base import Base, Key, Word
from store.indexed import Indexed
from store.source import Source


class Entry(Base):
    """One record on a registry's list. Withdrawn or active, never deleted here.

    While `review_only_at` is set nothing happens by itself because of it; `trusted_at` is when a
    lead last said that it is in order.
    """

    __tablename__ = "entries"
    __table_args__ = (
        Index(None, "source_id", "member_id", "entry_id", unique=True),
        Index(None, "entry_id"),
        Index(
            None,
            "review_only_at",
            "id",
            sqlite_where=text("review_only_at IS NOT NULL"),
            postgresql_where=text("review_only_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id"))
    member_id: Mapped[str] = mapped_column(Word)
    member_name: Mapped[str] = mapped_column(Word)
    entry_id: Mapped[str] = mapped_column(Word)
    kind: Mapped[str] = mapped_column(String(10))
    classification: Mapped[str | None] = mapped_column(Word)
    omitted: Mapped[list[str]] = mapped_column(default=list)
    listed_at: Mapped[datetime | None]
    first_seen_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    review_only_at: Mapped[datetime | None]
    review_only_reason: Mapped[str | None] = mapped_column(String(200))
    trusted_at: Mapped[datetime | None]

    source: Mapped[Source] = relationship(lazy="raise")
    fingerprints: Mapped[list["EntryFingerprint"]] = relationship(
        lazy="raise", back_populates="entry", order_by="EntryFingerprint.id"
    )
    votes: Mapped[list["PeerVoteRow"]] = relationship(lazy="raise", cascade="all, delete-orphan")
    cases: Mapped[list["EntryCase"]] = relationship(
        lazy="raise", cascade="all, delete-orphan", order_by="EntryCase.number"
    )


class EntryFingerprint(Indexed, Base):
    """One fingerprint of an entry; its id is its key in the index. Retired once it is not."""

    __tablename__ = "entry_fingerprints"
    __table_args__ = (
        Index(None, "entry_id"),
        Index(None, "indexed_version", "id"),
        Index(None, "removed_version", "id"),
        Index(None, "algorithm", "value"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id"))

    entry: Mapped[Entry] = relationship(lazy="raise", back_populates="fingerprints")


class EntryCase(Base):
    """The number of one case in which an entry was reported, as the registry gives it."""

    __tablename__ = "entry_cases"
    __table_args__ = (Index(None, "number"),)

    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id"), primary_key=True)
    number: Mapped[str] = mapped_column(Word, primary_key=True)


class PeerVoteRow(Base):
    """Another member's vote on one algorithm of an entry, as the registry last told it."""

    __tablename__ = "peer_votes"
    __table_args__ = (Index(None, "entry_id"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id"))
    algorithm: Mapped[str] = mapped_column(Word)
    vote: Mapped[str] = mapped_column(String(20))
    member_id: Mapped[str] = mapped_column(Word)
    member_name: Mapped[str] = mapped_column(Word)
    reasons: Mapped[list[str]] = mapped_column(default=list)
    voted_at: Mapped[datetime | None]


class IndexVersion(Base):
    """One version of the index: the list as it stood. Hosts build their snapshot from it."""

    __tablename__ = "index_versions"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    created_at: Mapped[datetime]
    added: Mapped[int]
    removed: Mapped[int]
