"""The client against the reference registry over real HTTP: an independent server's side."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from exchange.errors import Refused
from exchange.ncmec import NcmecClient
from exchange.records import Checkpoint, EntryRecord, MediaKind, Member, Outcome, PeerVote, Vote
from matching.fingerprint import Algorithm
from tests.registry.conftest import (
    OURS,
    PEER,
    MakeRegistry,
    SignIn,
    listen,
    make_registry,
    sqlite_url,
)
from tests.registry.lists import fill, made_up, withdraw_all

__all__ = ["listen", "make_registry", "sqlite_url"]
"""Fixtures of the registry's own tests."""

LONG_AGO = datetime.now(UTC).replace(microsecond=0) - timedelta(days=700)


@pytest.fixture
def registry(make_registry: MakeRegistry, sqlite_url: str) -> Flask:
    return make_registry(sqlite_url, page_size=100)


@pytest.fixture
def address(registry: Flask, listen: Callable[[Flask], str]) -> str:
    return f"{listen(registry)}/npo"


def sign_in(address: str, who: SignIn, *member_ids: int) -> NcmecClient:
    return NcmecClient(
        address, f"{who.username}:{who.password}", member_ids={str(one) for one in member_ids}
    )


def read_all(
    client: NcmecClient, checkpoint: Checkpoint | None = None
) -> tuple[list[EntryRecord], int, Checkpoint]:
    """All entries, in how many pages, and the checkpoint. A minute ahead, so that what was written
    just now is inside the window."""
    entries: list[EntryRecord] = []
    pages, more = 0, True
    while more:
        page = client.fetch(checkpoint, datetime.now(UTC) + timedelta(minutes=1))
        assert page.problems == ()
        entries += page.entries
        pages, checkpoint, more = pages + 1, page.checkpoint, page.more
    assert checkpoint is not None
    return entries, pages, checkpoint


def test_it_learns_who_it_is(address: str) -> None:
    with sign_in(address, OURS) as client:
        assert client.whoami() == Member("42", "Our Platform")
        assert Member("43", "Peer & Sons") in client.members()
    with (
        NcmecClient(address, f"{OURS.username}:wrong") as stranger,
        pytest.raises(Refused, match="credentials"),
    ):
        stranger.whoami()


def test_it_reads_the_whole_list_out_of_time_order(registry: Flask, address: str) -> None:
    stamps = [LONG_AGO + timedelta(minutes=i // 3) for i in range(350)]
    pictures = fill(registry, stamps)
    videos = fill(registry, stamps[:60], member_id=1, kind=MediaKind.VIDEO)
    gone = set(pictures[::23])
    withdraw_all(registry, gone, LONG_AGO + timedelta(days=600))
    with sign_in(address, OURS) as client:
        entries, pages, _ = read_all(client)
    held = {one.entry_id: one for one in entries}
    assert (len(entries), len(held), pages) == (410, 410, 5)
    assert {name for name in held if held[name].withdrawn} == gone
    assert {name for name in held if held[name].kind is MediaKind.VIDEO} == set(videos)
    times = [one.timestamp for one in entries if one.timestamp]
    assert times != sorted(times)
    for number, name in enumerate(pictures):
        if name not in gone:
            assert set(held[name].fingerprints) == {made_up(one, number) for one in Algorithm}
            assert held[name].timestamp == stamps[number]
            assert held[name].member == Member("43", "Peer & Sons")


def test_it_takes_one_member_where_the_source_says_so(registry: Flask, address: str) -> None:
    fill(registry, [LONG_AGO] * 3)
    take_it_down = fill(registry, [LONG_AGO] * 2, member_id=1)
    with sign_in(address, OURS, 1) as client:
        assert {one.entry_id for one in read_all(client)[0]} == set(take_it_down)


def test_it_votes_and_a_peer_reads_the_votes_back(registry: Flask, address: str) -> None:
    one, other = fill(registry, [LONG_AGO] * 2)
    with sign_in(address, OURS) as ours, sign_in(address, PEER) as peer:
        _, _, checkpoint = read_all(peer)
        reason, *_ = ours.reasons(Algorithm.PDQ)
        for outcome in (
            Outcome("43", one, Algorithm.MD5, Vote.AFFIRMATIVE),
            Outcome("43", other, Algorithm.PDQ, Vote.AFFIRMATIVE),
            Outcome("43", other, Algorithm.PDQ, Vote.NEGATIVE, (reason.id,)),
        ):
            assert ours.report(outcome).status == 200
        held = {entry.entry_id: entry for entry in read_all(peer, checkpoint)[0]}
        with pytest.raises(Refused) as caught:
            ours.report(Outcome("43", "nobody", Algorithm.PDQ, Vote.AFFIRMATIVE))
    assert caught.value.status == 404
    us = Member("42", "Our Platform")
    assert [_timeless(vote) for vote in held[one].votes] == [("md5", Vote.AFFIRMATIVE, us, ())]
    assert [_timeless(vote) for vote in held[other].votes] == [
        ("pdq", Vote.NEGATIVE, us, (reason.name,))
    ]
    for vote in (*held[one].votes, *held[other].votes):
        assert vote.at
        assert abs(vote.at - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_next_that_the_registry_does_not_know_begins_the_window_anew(
    registry: Flask, address: str
) -> None:
    fill(registry, [LONG_AGO] * 150)
    with sign_in(address, OURS) as client:
        first = client.fetch(None, datetime.now(UTC))
        assert first.more
        broken = {**first.checkpoint, "next": f"{first.checkpoint['next']}x"}
        again = client.fetch(broken, datetime.now(UTC))
        assert [one.entry_id for one in again.entries] == [one.entry_id for one in first.entries]
        assert len(client.fetch(again.checkpoint, datetime.now(UTC)).entries) == 50


def _timeless(vote: PeerVote) -> tuple[str, Vote, Member, tuple[str, ...]]:
    return vote.algorithm, vote.vote, vote.member, vote.reasons
