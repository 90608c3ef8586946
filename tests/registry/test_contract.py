"""Meta's own client, unchanged, against a registry that really listens.

The client writes local time with a Z behind it, so it is run in UTC.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from flask import Flask
from threatexchange.exchanges.clients.ncmec.hash_api import (
    FeedbackType,
    FingerprintType,
    NCMECEntryUpdate,
    NCMECEnvironment,
    NCMECHashAPI,
)
from threatexchange.exchanges.impl.ncmec_api import NCMECCollabConfig, NCMECSignalExchangeAPI
from threatexchange.signal_type.md5 import VideoMD5Signal
from threatexchange.signal_type.pdq.signal import PdqSignal

from exchange.records import MediaKind
from tests.registry.conftest import OURS, PEER, SignIn
from tests.registry.lists import fill, withdraw_all

Listen = Callable[[Flask], str]


@dataclass(frozen=True)
class _Address:
    """Stands where the client expects a member of its enum of environments."""

    value: str


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def base(registry: Flask, listen: Listen) -> str:
    return listen(registry) + "/npo"


def client(base: str, sign_in: SignIn = OURS) -> NCMECHashAPI:
    return NCMECHashAPI(*sign_in.basic, cast(NCMECEnvironment, _Address(base)))


def read_all(api: NCMECHashAPI, start: int = 0) -> list[NCMECEntryUpdate]:
    until = int(time.time()) + 60
    pages = api.get_entries_iter(start_timestamp=start, end_timestamp=until)
    return [update for page in pages for update in page.updates]


def load_history(registry: Flask) -> tuple[set[str], set[str], set[str]]:
    """Ids of pictures, videos and tombstones, over three pages and two years."""
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(days=700)
    pictures = fill(registry, [begin + timedelta(minutes=400 * i // 3) for i in range(2300)])
    videos = fill(
        registry, [begin + timedelta(days=i) for i in range(300)], member_id=1, kind=MediaKind.VIDEO
    )
    gone = set(pictures[::23])
    withdraw_all(registry, gone, begin + timedelta(days=650))
    return set(pictures) - gone, set(videos), gone


def test_it_learns_who_it_is_and_who_takes_part(base: str) -> None:
    assert vars(client(base).status()) == {"esp_id": 42, "esp_name": "Our Platform"}
    assert {m.esp_id: m.esp_name for m in client(base).members()} == {
        1: "Take It Down",
        42: "Our Platform",
        43: "Peer & Sons",
    }


def test_it_reads_the_whole_list(registry: Flask, base: str) -> None:
    pictures, videos, gone = load_history(registry)
    updates = read_all(client(base))
    assert len(updates) == len({u.id for u in updates}) == 2600
    assert {u.id for u in updates if u.deleted} == gone
    assert {u.id for u in updates if u.entry_type.value == "video"} == videos
    assert {u.member_id for u in updates} == {1, 43}
    standing = {u.id: u for u in updates if not u.deleted}
    assert {i for i in standing if standing[i].entry_type.value == "image"} == pictures
    for picture in pictures:
        lengths = {tag: len(value) for tag, value in standing[picture].fingerprints.items()}
        assert lengths == {"pdq": 64, "md5": 32, "sha1": 40}
        assert standing[picture].classification == "A1"


def test_its_own_probing_of_windows_ends_with_the_same_list(registry: Flask, base: str) -> None:
    pictures, videos, gone = load_history(registry)
    collab = NCMECCollabConfig(name="t", environment=cast(NCMECEnvironment, _Address(base)))
    exchange = NCMECSignalExchangeAPI(collab, *OURS.basic)
    merged: dict[str, Any] = {}
    for delta in exchange.fetch_iter([PdqSignal, VideoMD5Signal], None):
        for key, update in delta.updates.items():
            merged[key] = exchange.fetch_value_merge(merged.get(key), update)
    assert {key for key, update in merged.items() if update is None} == {f"43-{i}" for i in gone}
    signals = exchange.naive_convert_to_signal_type(
        [PdqSignal, VideoMD5Signal], collab, {k: u for k, u in merged.items() if u}
    )
    assert len(signals[PdqSignal]) == len(pictures)
    assert len(signals[VideoMD5Signal]) == len(videos)


def test_it_votes_and_another_member_reads_the_votes_back(registry: Flask, base: str) -> None:
    one, other = fill(registry, [datetime.now(UTC) - timedelta(days=3)] * 2)
    ours, peer = client(base), client(base, PEER)
    reasons = ours.feedback_reasons(FingerprintType.pdq)
    guid, name = next(iter(reasons.items()))
    before = int(time.time()) - 5
    assert read_all(peer, before) == []

    ours.submit_upvote(43, one, FingerprintType.md5)
    ours.submit_feedback(43, other, FingerprintType.pdq, FeedbackType.downvote, guid)
    peer.submit_feedback(43, one, FingerprintType.md5, FeedbackType.upvote)

    seen = {u.id: u for u in read_all(peer, before)}
    assert set(seen) == {one, other}, "a vote brings its entry back in later windows"
    assert {f.member.esp_id for f in seen[one].feedback["Md5"]} == {42, 43}
    assert {f.feedback_type for f in seen[one].feedback["Md5"]} == {FeedbackType.upvote}
    (down,) = seen[other].feedback["Pdq"]
    assert (down.feedback_type, down.member.esp_name, down.reason) == (
        FeedbackType.downvote,
        "Our Platform",
        name,
    )
    assert len(seen[one].fingerprints) == 3, "an update is the entry, whole"

    ours.submit_upvote(43, other, FingerprintType.pdq)
    (up,) = {u.id: u for u in read_all(peer, before)}[other].feedback["Pdq"]
    assert up.feedback_type is FeedbackType.upvote, "a vote replaces the member's earlier one"
