"""Reading the answers of FetchHashes."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.errors import Unavailable
from exchange.records import EntryRecord, MediaKind, Member, PeerVote, Vote
from exchange.stopncii.assumed import REGISTRY
from exchange.stopncii.parse import entry_id, read_fetched
from matching.fingerprint import Algorithm
from tests.exchange.ncmec.records import START, made_up

PDQ = made_up(Algorithm.PDQ, "one")
MD5 = made_up(Algorithm.MD5, "two")


def record(**changed: Any) -> dict[str, Any]:
    return {
        "lastModtimestamp": int(START.timestamp()),
        "signalType": "ImagePDQ",
        "hashValue": PDQ.hex.upper(),
        "hashStatus": "Active",
        "caseNumbers": [],
        "CSPFeedbacks": [],
        **changed,
    }


def answer(*records: object, **changed: Any) -> bytes:
    document = {
        "count": len(records),
        "nextPageToken": None,
        "nextSetTimestamp": 12,
        "hasMoreRecords": False,
        "hashRecords": records,
        **changed,
    }
    return json.dumps(document).encode()


def test_everything_that_is_documented_is_read() -> None:
    feedback = [
        {"source": "Peer", "feedbackValue": "Blocked", "tags": ["confirmed"]},
        {"source": "Other", "feedbackValue": "NotBlocked", "tags": None},
        {"source": "Third", "feedbackValue": "PendingReview"},
    ]
    fetched = read_fetched(
        answer(
            record(CSPFeedbacks=feedback),
            record(signalType="VideoMD5", hashValue=MD5.hex, hashStatus="Withdrawn"),
            record(signalType="Text", hashValue="anything"),
            hasMoreRecords=True,
            nextPageToken="t",
        )
    )
    assert (fetched.token, fetched.upto, fetched.problems) == ("t", 12, ())
    assert fetched.entries == (
        EntryRecord(
            REGISTRY,
            entry_id(PDQ),
            MediaKind.IMAGE,
            START,
            fingerprints=(PDQ,),
            votes=(
                PeerVote("pdq", Vote.AFFIRMATIVE, Member("Peer", "Peer"), ("confirmed",)),
                PeerVote("pdq", Vote.NEGATIVE, Member("Other", "Other")),
            ),
        ),
        EntryRecord(REGISTRY, entry_id(MD5), MediaKind.VIDEO, START, withdrawn=True),
    )


def test_the_numbers_of_its_cases_are_kept_whatever_became_of_each() -> None:
    cases = {"one": "Active", "two": "Withdrawn", "\0": "Active", "x" * 65: "Active"}
    fetched = read_fetched(answer(record(caseNumbers=cases)))
    assert fetched.entries[0].cases == ("one", "two")
    assert "too long" in fetched.problems[0].what
    many = {str(number): "Active" for number in range(1_001)}
    fetched = read_fetched(answer(record(caseNumbers=many)))
    assert len(fetched.entries[0].cases) == 1_000
    assert "too many" in fetched.problems[0].what


@pytest.mark.parametrize("cases", ["text", 5, ["one"], True])
def test_cases_that_are_no_object_cost_themselves_only(cases: object) -> None:
    fetched = read_fetched(answer(record(caseNumbers=cases)))
    assert fetched.entries[0].cases == ()
    assert "caseNumbers" in fetched.problems[0].what


@pytest.mark.parametrize("status", ["Withdrawn", "Deleted"])
def test_what_the_person_withdrew_is_withdrawn(status: str) -> None:
    (gone,) = read_fetched(answer(record(hashStatus=status))).entries
    assert gone.withdrawn
    assert gone.fingerprints == ()
    assert gone.entry_id == entry_id(PDQ), "the same entry as when it stood"


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        (record(hashValue=PDQ.hex[:-1]), "64 hex digits, this one has 63"),
        (record(hashValue="z" * 64), "hex digits only"),
        (record(hashValue=None), "has 0"),
        (record(signalType="Hologram"), "unknown signalType"),
        (record(signalType=None), "unknown signalType"),
        ("text", "no object"),
        (None, "no object"),
    ],
)
def test_a_record_that_cannot_be_kept_costs_itself_only(fault: object, what: str) -> None:
    good = record(signalType="VideoMD5", hashValue=MD5.hex)
    fetched = read_fetched(answer(good, fault, good))
    assert len(fetched.entries) == 2
    (problem,) = fetched.problems
    assert problem.what.startswith("record 2 of the page: ")
    assert what in problem.what


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        ({"hashStatus": "Sleeping"}, "unknown hashStatus"),
        ({"lastModtimestamp": "yesterday"}, "lastModtimestamp"),
        ({"lastModtimestamp": 10**30}, "lastModtimestamp"),
        ({"CSPFeedbacks": [{"source": "Peer", "feedbackValue": "Liked"}]}, "CSPFeedback"),
        ({"CSPFeedbacks": [{"feedbackValue": "Blocked"}]}, "CSPFeedback"),
        ({"CSPFeedbacks": ["Blocked"]}, "CSPFeedback"),
    ],
)
def test_a_fault_beside_the_hash_does_not_cost_the_record(fault: dict[str, Any], what: str) -> None:
    fetched = read_fetched(answer(record(**fault)))
    assert [one.fingerprints for one in fetched.entries] == [(PDQ,)]
    assert [problem.entry_id for problem in fetched.problems] == [entry_id(PDQ)]
    assert what in fetched.problems[0].what


def test_what_a_database_refuses_is_taken_out_of_texts() -> None:
    feedback = [{"source": "Pe\x00er\ud800", "feedbackValue": "Blocked", "tags": ["a\x00", "\x00"]}]
    (one,) = read_fetched(answer(record(CSPFeedbacks=feedback))).entries
    assert one.votes == (PeerVote("pdq", Vote.AFFIRMATIVE, Member("Peer", "Peer"), ("a",)),)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        b'{"hashRecords": {}}',
        b"<html>sign in</html>",
        answer(hasMoreRecords=True),
        answer(hasMoreRecords=True, nextPageToken="t" * 5000),
        answer(hasMoreRecords="false"),
    ],
)
def test_what_is_no_answer_is_unavailable(body: bytes) -> None:
    with pytest.raises(Unavailable):
        read_fetched(body)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(PDQ.hex),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_records = st.dictionaries(st.sampled_from(list(record())), _json).map(lambda odd: record(**odd))
_feedbacks = st.lists(
    _json | st.dictionaries(st.sampled_from(["source", "feedbackValue", "tags"]), _json), max_size=3
)


@given(st.lists(_records | _json, max_size=4), _feedbacks)
def test_any_json_is_read_and_no_value_shows(records: list[object], feedback: list[object]) -> None:
    fetched = read_fetched(answer(*records, record(CSPFeedbacks=feedback)))
    assert PDQ.hex not in repr(fetched.problems)
    assert fetched.entries[-1].fingerprints == (PDQ,)


def test_an_id_tells_nothing_and_stays() -> None:
    assert entry_id(PDQ) == "359343ca375554121c6477aadd1da8ef"
    assert entry_id(PDQ) not in PDQ.hex
