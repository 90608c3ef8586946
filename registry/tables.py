"""The registry's own small schema. Times are aware UTC, whole seconds, as on the wire."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import JSON, BigInteger, Dialect, Enum, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from exchange.records import MediaKind, Vote
from matching.fingerprint import Algorithm


class Second(TypeDecorator[datetime]):
    """An aware UTC time of whole seconds, kept as seconds since 1970: the same in any database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Seconds since 1970. A time without a zone is a fault of the caller."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a time zone")
        return int(value.timestamp())

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """The time, aware and UTC."""
        return None if value is None else datetime.fromtimestamp(value, UTC)


def _word(words: type[StrEnum]) -> Enum:
    """A column that holds one of the words, as they are written everywhere else."""
    values = [word.value for word in words]
    return Enum(words, native_enum=False, length=20, values_callable=lambda _: values)


class Base(DeclarativeBase):
    """Declares how a Python type is kept."""

    type_annotation_map: ClassVar = {
        datetime: Second,
        MediaKind: _word(MediaKind),
        Algorithm: _word(Algorithm),
        Vote: _word(Vote),
    }


class Clock(Base):
    """One row. Whoever changes the list holds it locked, so that stamps are in order of commit."""

    __tablename__ = "clock"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[datetime]


class Member(Base):
    """An organisation that reads the list and votes on it, or that submits to it."""

    __tablename__ = "member"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(100))


class Account(Base):
    """HTTP Basic credentials of a member. The password is kept as an argon2 hash."""

    __tablename__ = "account"

    username: Mapped[str] = mapped_column(String(64), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    password_hash: Mapped[str] = mapped_column(String(200))

    member: Mapped[Member] = relationship(lazy="joined", innerjoin=True)


class Case(Base):
    """What one person submitted. Nothing in it says who that is."""

    __tablename__ = "case"

    number: Mapped[str] = mapped_column(String(16), primary_key=True)
    pin_hash: Mapped[str] = mapped_column(String(200))
    opened: Mapped[datetime]
    withdrawn: Mapped[datetime | None]

    entries: Mapped[list["Entry"]] = relationship(order_by="Entry.item")


class Entry(Base):
    """One record on the list, known by (member, entry id).

    `position` is where it stands in every window: pseudo-random, the same for ever. A withdrawn
    entry stays as a tombstone, without fingerprints and votes.
    """

    __tablename__ = "entry"
    __table_args__ = (
        UniqueConstraint("member_id", "entry_id"),
        Index("entry_by_position", "position", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    entry_id: Mapped[str] = mapped_column(String(64))
    kind: Mapped[MediaKind]
    classification: Mapped[str | None] = mapped_column(String(10))
    timestamp: Mapped[datetime] = mapped_column(index=True)
    position: Mapped[int] = mapped_column(BigInteger)
    withdrawn: Mapped[bool] = mapped_column(default=False)
    case_number: Mapped[str | None] = mapped_column(ForeignKey("case.number"), index=True)
    item: Mapped[int | None]

    member: Mapped[Member] = relationship()
    fingerprints: Mapped[list["EntryFingerprint"]] = relationship(cascade="all, delete-orphan")
    votes: Mapped[list["EntryVote"]] = relationship(cascade="all, delete-orphan")


class EntryFingerprint(Base):
    """One fingerprint of an entry: at most one of each algorithm."""

    __tablename__ = "entry_fingerprint"

    entry: Mapped[int] = mapped_column(ForeignKey("entry.id"), primary_key=True)
    algorithm: Mapped[Algorithm] = mapped_column(primary_key=True)
    value: Mapped[bytes]


class EntryVote(Base):
    """What a member says of one algorithm of an entry: its last word only."""

    __tablename__ = "entry_vote"

    entry: Mapped[int] = mapped_column(ForeignKey("entry.id"), primary_key=True)
    algorithm: Mapped[Algorithm] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    vote: Mapped[Vote]
    reason_ids: Mapped[list[str]] = mapped_column(JSON)
    at: Mapped[datetime]

    member: Mapped[Member] = relationship()
