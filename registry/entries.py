"""Entries on the list: added, voted on, withdrawn. Each change stamps the entry anew, so that
every member meets it, whole, in a window that is still to come."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import blake2b
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest, NotFound

from exchange.records import MediaKind
from matching.fingerprint import Algorithm, Fingerprint
from registry.feedback import Feedback
from registry.names import ENTRY_ID
from registry.tables import Case, Entry, EntryFingerprint, EntryVote


def add_entry(
    session: Session,
    stamp: datetime,
    *,
    member_id: int,
    kind: MediaKind,
    fingerprints: Iterable[Fingerprint],
    classification: str | None = None,
    case: Case | None = None,
    item: int | None = None,
) -> Entry:
    """Put one picture's or video's fingerprints on the list, under a new id."""
    entry_id = uuid4().hex
    entry = Entry(
        member_id=member_id,
        entry_id=entry_id,
        kind=kind,
        classification=classification,
        timestamp=stamp,
        position=_position(member_id, entry_id),
        withdrawn=False,
        case_number=case.number if case else None,
        item=item,
        fingerprints=[EntryFingerprint(algorithm=f.algorithm, value=f.value) for f in fingerprints],
        votes=[],
    )
    session.add(entry)
    return entry


def withdraw(entry: Entry, stamp: datetime) -> None:
    """Leave a tombstone: the fingerprints and the votes on them are erased."""
    if not entry.withdrawn:
        entry.withdrawn = True
        entry.classification = None
        entry.fingerprints.clear()
        entry.votes.clear()
        entry.timestamp = stamp


def cast_vote(
    entry: Entry, stamp: datetime, *, voter_id: int, algorithm: Algorithm, feedback: Feedback
) -> None:
    """Store a member's word on one algorithm of the entry, in place of its earlier one.

    Raises BadRequest for an algorithm that the entry does not carry.
    """
    if algorithm not in {each.algorithm for each in entry.fingerprints}:
        raise BadRequest(f"this entry has no {algorithm.upper()} fingerprint to vote on")
    earlier = next(
        (v for v in entry.votes if v.member_id == voter_id and v.algorithm is algorithm), None
    )
    vote = earlier or EntryVote(member_id=voter_id, algorithm=algorithm)
    vote.vote = feedback.vote
    vote.reason_ids = list(feedback.reason_ids)
    vote.at = stamp
    if earlier is None:
        entry.votes.append(vote)
    entry.timestamp = stamp


def find_entry(session: Session, member_id: int, entry_id: str) -> Entry:
    """The entry that members know by these ids. Raises NotFound, for a tombstone too."""
    known = (
        ENTRY_ID.fullmatch(entry_id)
        and session.scalars(
            select(Entry).where(Entry.member_id == member_id, Entry.entry_id == entry_id)
        ).one_or_none()
    )
    if not known or known.withdrawn:
        raise NotFound("there is no such entry on the list, or it was withdrawn")
    return known


def _position(member_id: int, entry_id: str) -> int:
    """Where the entry stands in every window: 63 bits that have nothing to do with time."""
    digest = blake2b(f"{member_id}/{entry_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1
