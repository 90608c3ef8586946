"""Entries of nothing: made-up fingerprints, and hypothesis strategies for whole entries."""

import hashlib
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from exchange.records import EntryRecord, MediaKind, Member, PeerVote, Vote
from matching.fingerprint import Algorithm, Fingerprint

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
OURS = Member("1", "Our Platform")
THEIRS = Member("42", "Member")
PEER = Member("7", "Peer & Sons")


def made_up(algorithm: Algorithm, seed: object) -> Fingerprint:
    """A fingerprint of nothing."""
    return Fingerprint(algorithm, hashlib.sha512(f"{seed}".encode()).digest()[: algorithm.size])


def entry(entry_id: str = "abc", **changed: object) -> EntryRecord:
    """An image of member 42 with all three fingerprints."""
    values: dict[str, object] = {
        "member": THEIRS,
        "entry_id": entry_id,
        "kind": MediaKind.IMAGE,
        "timestamp": START,
        "classification": "A1",
        "fingerprints": tuple(made_up(algorithm, entry_id) for algorithm in Algorithm),
    }
    return EntryRecord(**{**values, **changed})  # type: ignore[arg-type]


def later(seconds: float) -> datetime:
    """START and so many seconds."""
    return START + timedelta(seconds=seconds)


_words = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=20
)
_members = st.builds(Member, st.integers(1, 10**9).map(str), _words)
_times = st.integers(-(10**9), 2 * 10**9).map(later)
_prints = st.builds(made_up, st.sampled_from(Algorithm), st.integers())
_affirmative = st.builds(
    PeerVote,
    st.sampled_from(["md5", "pdq", "sha1", "pdna", "tmk-pdqf"]),
    st.just(Vote.AFFIRMATIVE),
    _members,
    at=_times | st.none(),
)
_negative = st.builds(
    PeerVote,
    st.sampled_from(["md5", "pdq", "sha1", "pdna", "tmk-pdqf"]),
    st.just(Vote.NEGATIVE),
    _members,
    st.lists(_words, max_size=3).map(tuple),
    _times | st.none(),
)
_ids = _words.filter(lambda text: text not in (".", ".."))

active = st.builds(
    EntryRecord,
    _members,
    _ids,
    st.sampled_from(MediaKind),
    _times | st.none(),
    classification=_words | st.none(),
    fingerprints=st.lists(_prints, unique=True, max_size=4).map(tuple),
    omitted=st.lists(st.sampled_from(["pdna", "tmk-pdqf"]), unique=True).map(tuple),
    votes=st.lists(_affirmative | _negative, max_size=4).map(tuple),
)
withdrawn = st.builds(
    EntryRecord,
    _members,
    _ids,
    st.sampled_from(MediaKind),
    _times | st.none(),
    withdrawn=st.just(True),
)
