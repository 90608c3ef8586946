"""Reading the answers of threat_updates."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.errors import Unavailable
from exchange.records import EntryRecord, MediaKind, Member, PeerVote, Vote
from exchange.threatexchange.parse import Updates, read_updates
from matching.fingerprint import Algorithm
from tests.exchange.ncmec.records import START, made_up

PDQ = made_up(Algorithm.PDQ, "one")
MD5 = made_up(Algorithm.MD5, "two")
PLACE = Member("303", "ThreatExchange, privacy group 303")
US = "1"


def descriptor(owner: str = "2", status: str = "MALICIOUS", **changed: Any) -> dict[str, Any]:
    return {"id": f"9{owner}", "owner": {"id": owner}, "status": status, "tags": []} | changed


def update(*descriptors: object, **changed: Any) -> dict[str, Any]:
    return {
        "id": "77",
        "indicator": PDQ.hex.upper(),
        "type": "HASH_PDQ",
        "last_updated": int(START.timestamp()),
        "should_delete": False,
        "descriptors": {"data": list(descriptors) or [descriptor()]},
    } | changed


def read(*updates: object, **changed: Any) -> Updates:
    return read_updates(json.dumps({"data": updates} | changed).encode(), PLACE, US)


def votes(*descriptors: dict[str, Any]) -> dict[str, Vote]:
    (entry,) = read(update(*descriptors)).entries
    return {one.member.id: one.vote for one in entry.votes}


def reacted(**said: str) -> list[dict[str, str]]:
    return [{"key": word, "value": members} for word, members in said.items()]


def test_everything_that_is_documented_is_read() -> None:
    submission = descriptor(
        tags={"data": [{"id": "4", "text": "tag_b"}, {"id": "5", "text": "tag_a"}]},
        reactions=reacted(HELPFUL="3,1", NOT_HELPFUL="4", SAW_THIS_TOO="5"),
    )
    film = update(descriptor(tags=["media_type_video"]), id=78, type="HASH_MD5", indicator=MD5.hex)
    fetched = read(
        update(submission | {"owner": {"id": "2", "name": "Member"}}),
        film,
        update(id="79", should_delete=True, indicator="", type="HASH_VIDEO_MD5"),
        paging={"next": "https://graph.example/?access_token=x", "cursors": {"after": "MjQZD"}},
    )
    assert (fetched.after, fetched.newest, fetched.problems) == ("MjQZD", START, ())
    assert fetched.entries == (
        EntryRecord(
            PLACE,
            "77",
            MediaKind.IMAGE,
            START,
            classification="tag_a, tag_b",
            fingerprints=(PDQ,),
            votes=(
                PeerVote("pdq", Vote.AFFIRMATIVE, Member("3", "app 3")),
                PeerVote("pdq", Vote.NEGATIVE, Member("4", "app 4"), ("NOT_HELPFUL",)),
            ),
        ),
        EntryRecord(
            PLACE,
            "78",
            MediaKind.VIDEO,
            START,
            classification="media_type_video",
            fingerprints=(MD5,),
        ),
        EntryRecord(PLACE, "79", MediaKind.VIDEO, START, withdrawn=True),
    )


@pytest.mark.parametrize(
    "gone",
    [
        {"should_delete": True},
        {"descriptors": None},
        {"descriptors": {"data": []}},
        {"descriptors": {"data": [{"id": "5", "status": "MALICIOUS"}]}},
        {"descriptors": {"data": [descriptor(status="NON_MALICIOUS")]}},
    ],
)
def test_what_nobody_stands_behind_is_withdrawn(gone: dict[str, Any]) -> None:
    (entry,) = read(update() | gone).entries
    assert entry.withdrawn
    assert (entry.fingerprints, entry.votes) == ((), ())


def test_what_somebody_calls_harmless_stays_while_another_stands_behind_it() -> None:
    against = descriptor("3", "NON_MALICIOUS", tags=["harmless"])
    (entry,) = read(update(against, descriptor("2", "SUSPICIOUS", tags=["tag_a"]))).entries
    assert (entry.withdrawn, entry.classification) == (False, "tag_a")


def test_the_submission_is_no_vote_and_what_others_describe_is_one() -> None:
    assert votes(descriptor("2")) == {}
    assert votes(descriptor("2"), descriptor("2", id="98")) == {}
    assert votes(descriptor("2"), descriptor("3")) == {"3": Vote.AFFIRMATIVE}
    assert votes(descriptor("2"), descriptor("3", "UNKNOWN")) == {}
    assert votes(descriptor("2"), descriptor("3", "NON_MALICIOUS")) == {"3": Vote.NEGATIVE}
    assert votes(descriptor("2"), descriptor(US)) == {}, "ours is no other's"


def test_a_member_has_one_vote() -> None:
    both = descriptor("2", reactions=reacted(HELPFUL="3,3", DISAGREE_WITH_TAGS="3"))
    assert votes(both) == {"3": Vote.NEGATIVE}, "against comes before for"
    assert votes(both, descriptor("3")) == {"3": Vote.AFFIRMATIVE}, "a descriptor before either"
    assert votes(descriptor("2"), descriptor("2", "NON_MALICIOUS")) == {"2": Vote.NEGATIVE}


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        (update(indicator=PDQ.hex[:-1]), "64 hex digits, this one has 63"),
        (update(indicator="z" * 64), "hex digits only"),
        (update(indicator=None), "has 0"),
        (update(id=None), "no id"),
        (update(id="../me"), "no id"),
        (update(should_delete="false"), "should_delete"),
        ("text", "no object"),
        (None, "no object"),
    ],
)
def test_a_record_that_cannot_be_kept_costs_itself_only(fault: object, what: str) -> None:
    good = update(id="78", type="HASH_VIDEO_MD5", indicator=MD5.hex)
    fetched = read(good, fault, good)
    assert len(fetched.entries) == 2
    (problem,) = fetched.problems
    assert problem.what.startswith("update 2 of the page: ")
    assert what in problem.what


@pytest.mark.parametrize("when", [None, "yesterday", 10**30, True, 1.5])
def test_a_time_that_cannot_be_read_costs_itself_only(when: object) -> None:
    fetched = read(update(last_updated=when))
    assert [one.timestamp for one in fetched.entries] == [None]
    assert [problem.entry_id for problem in fetched.problems] == ["77"]
    assert fetched.newest is None


def test_tags_that_find_no_room_are_left_out() -> None:
    long = [f"{n}{'x' * 100}" for n in range(4)]
    (entry,) = read(update(descriptor(tags=[*long, "a"]))).entries
    assert entry.classification == f"{long[0]}, {long[1]}, a"


def test_what_a_database_refuses_is_taken_out_of_texts() -> None:
    (entry,) = read(update(descriptor(tags=["a\x00b\ud800", "\x00"]))).entries
    assert entry.classification == "ab"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'{"data": {}}',
        b'{"data": [], "paging": {"next": "x"}}',
        b'{"data": [], "paging": {"next": "x", "cursors": {"after": 5}}}',
    ],
)
def test_what_is_no_answer_is_unavailable(body: bytes) -> None:
    with pytest.raises(Unavailable):
        read_updates(body, PLACE, US)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(PDQ.hex),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_odd_descriptors = st.dictionaries(
    st.sampled_from(["id", "owner", "status", "tags", "reactions", "my_reactions"]), _json
).map(lambda odd: descriptor() | odd)
_odd_updates = st.dictionaries(st.sampled_from(list(update())), _json).map(
    lambda odd: update() | odd
)


@given(st.lists(_odd_updates | _json, max_size=3), st.lists(_odd_descriptors | _json, max_size=3))
def test_any_json_is_read_and_no_value_shows(updates: list[object], said: list[object]) -> None:
    fetched = read(*updates, update(descriptor(), *said))
    assert PDQ.hex not in repr(fetched.problems)
    assert fetched.entries[-1].fingerprints == (PDQ,)
