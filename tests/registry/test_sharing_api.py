"""What members read and report back, request by request."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from defusedxml.ElementTree import fromstring
from flask import Flask

from exchange.records import MediaKind
from registry.feedback import MAX_BYTES
from registry.wire import WireAlgorithm
from tests.registry.conftest import OURS, PEER, MakeRegistry, SignIn
from tests.registry.lists import NS, Reader, error_of, fill, negative, withdraw_all

PAST = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def entry_id(registry: Flask) -> str:
    return fill(registry, [PAST])[0]


@pytest.fixture(scope="module")
def refused_entry(refusing: Flask) -> str:
    return fill(refusing, [PAST])[0]


def feedback_of(registry: Flask, entry_id: str) -> object:
    """Everything that an entry shows of votes, without the times."""
    (entry,) = (seen.element for seen in Reader(registry).window() if seen.entry_id == entry_id)
    shown = entry.find("{*}feedback")
    if shown is None:
        return None
    return [
        (
            block.tag.removeprefix(NS),
            block.attrib["type"],
            [reason.attrib["guid"] for reason in block.iterfind(".//{*}reason")],
            [member.attrib["id"] for member in block.iterfind(".//{*}member")],
        )
        for block in shown
    ]


@pytest.mark.parametrize(
    "auth",
    [
        None,
        (OURS.username, "wrong"),
        ("nobody", OURS.password),
        ("", ""),
        ("a\x00b", "c"),
        (OURS.username, PEER.password),
        (OURS.username.upper(), OURS.password),
    ],
)
@pytest.mark.parametrize("path", ["/v2/status", "/v2/entries?from=x&to=y"])
def test_nothing_is_told_to_strangers(
    refusing: Flask, auth: tuple[str, str] | None, path: str
) -> None:
    response = refusing.test_client().get(f"/npo{path}", auth=auth)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Basic realm="hash sharing"'
    assert "HTTP Basic" in error_of(response)


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic YQ==", "Bearer x", "Digest a=b"])
def test_a_malformed_authorization_is_refused(refusing: Flask, header: str) -> None:
    client = refusing.test_client()
    response = client.get("/npo/v2/status", headers={"Authorization": header})
    assert response.status_code == 401


def test_status_says_who_is_asking(registry: Flask) -> None:
    root = fromstring(Reader(registry, PEER).get("/v2/status").data)
    assert root.tag == f"{NS}status"
    assert [(child.tag.removeprefix(NS), child.text) for child in root] == [
        ("ipAddress", "127.0.0.1"),
        ("username", PEER.username),
        ("member", PEER.member_name),
    ]
    assert root[-1].attrib == {"id": "43"}


def test_a_tombstone_has_no_fingerprints_and_cannot_be_voted_on(registry: Flask) -> None:
    picture = fill(registry, [PAST])[0]
    video = fill(registry, [PAST], kind=MediaKind.VIDEO)[0]
    Reader(registry).vote(43, picture, "PDQ", "<affirmative/>")
    withdraw_all(registry, [picture, video], PAST + timedelta(days=1))
    seen = {each.tag: each for each in Reader(registry).window()}
    assert set(seen) == {"deletedImage", "deletedVideo"}
    for tombstone in seen.values():
        assert [child.tag.removeprefix(NS) for child in tombstone.element] == [
            "member",
            "id",
            "timestamp",
        ]
        assert tombstone.timestamp == "2026-03-02T12:00:00Z"
    response = Reader(registry).vote(43, picture, "PDQ", "<affirmative/>")
    assert response.status_code == 404
    assert "withdrawn" in error_of(response)


def test_a_repeated_vote_replaces_the_earlier_one(registry: Flask, entry_id: str) -> None:
    ours, peer = Reader(registry, OURS), Reader(registry, PEER)
    guid, name = ours.reason("PDQ")
    response = ours.vote(43, entry_id, "PDQ", "<affirmative/>")
    assert fromstring(response.data).tag == f"{NS}submissionResult"
    peer.vote(43, entry_id, "PDQ", "<affirmative/>")
    ours.vote(43, entry_id, "SHA1", "<affirmative/>")
    assert feedback_of(registry, entry_id) == [
        ("affirmativeFeedback", "Pdq", [], ["42", "43"]),
        ("affirmativeFeedback", "Sha1", [], ["42"]),
    ]
    ours.vote(43, entry_id, "PDQ", negative(guid))
    assert feedback_of(registry, entry_id) == [
        ("affirmativeFeedback", "Pdq", [], ["43"]),
        ("negativeFeedback", "Pdq", [guid], ["42"]),
        ("affirmativeFeedback", "Sha1", [], ["42"]),
    ]
    (seen,) = ours.window()
    reason = seen.element.find(".//{*}reason")
    assert reason is not None
    assert reason.attrib == {"guid": guid, "name": name, "type": "Pdq"}


def test_several_reasons_stand_before_one_list_of_members(registry: Flask, entry_id: str) -> None:
    root = fromstring(Reader(registry).get("/v2/feedback/PDQ/reasons").data)
    guids = sorted(reason.attrib["guid"] for reason in root.iter(f"{NS}reason"))
    for voter in (OURS, PEER):
        Reader(registry, voter).vote(43, entry_id, "PDQ", negative(*guids[:2]))
    (seen,) = Reader(registry).window()
    reasons = seen.element.find(".//{*}reasons")
    assert reasons is not None
    tags = [child.tag.removeprefix(NS) for child in reasons]
    assert tags == ["reason", "reason", "members"]


def test_a_vote_changes_the_time_and_brings_the_entry_back(registry: Flask, entry_id: str) -> None:
    moment = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    with time_machine.travel(moment, tick=False):
        Reader(registry).vote(43, entry_id, "PDQ", "<affirmative/>")
    with time_machine.travel(moment + timedelta(seconds=30), tick=False):
        Reader(registry).vote(43, entry_id, "PDQ", "<affirmative/>")
        (seen,) = Reader(registry).window(after=f"{moment:%Y-%m-%dT%H:%M:%SZ}")
    feedback = seen.element.find("{*}feedback")
    assert feedback is not None
    assert feedback.attrib["lastUpdateTimestamp"] == seen.timestamp
    assert seen.timestamp == f"{moment + timedelta(seconds=31):%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize("algorithm", WireAlgorithm)
def test_each_algorithm_has_reasons_with_guids(refusing: Flask, algorithm: WireAlgorithm) -> None:
    root = fromstring(Reader(refusing).get(f"/v2/feedback/{algorithm}/reasons").data)
    reasons = [reason.attrib for reason in root.iterfind("{*}availableFeedbackReasons/{*}reason")]
    assert len({reason["guid"] for reason in reasons}) == len(reasons) >= 2
    assert {reason["type"] for reason in reasons} == {algorithm.type_name}


@pytest.mark.parametrize(
    ("algorithm", "body", "says"),
    [
        ("pdq", "<affirmative/>", "unknown algorithm"),
        ("CRC32", "<affirmative/>", "unknown algorithm"),
        ("PDNA", "<affirmative/>", "no PDNA fingerprint"),
        ("PDQ", "", "either <affirmative/> or <negative>"),
        ("PDQ", "<affirmative/><negative/>", "either <affirmative/> or <negative>"),
        ("PDQ", "<affirmative><x/></affirmative>", "either <affirmative/> or <negative>"),
        ("PDQ", "<neutral/>", "either <affirmative/> or <negative>"),
        ("PDQ", "<negative/>", "at least one reason"),
        ("PDQ", negative(), "at least one reason"),
        ("PDQ", negative("00000000-0000-0000-0000-000000000000"), "unknown reason for PDQ"),
        ("PDQ", "<affirmative>", "not a well-formed XML"),
    ],
)
def test_a_malformed_vote_is_refused(
    refusing: Flask, refused_entry: str, algorithm: str, body: str, says: str
) -> None:
    response = Reader(refusing).vote(43, refused_entry, algorithm, body)
    assert response.status_code == 400
    assert says in error_of(response)
    assert feedback_of(refusing, refused_entry) is None


def test_a_reason_of_another_algorithm_is_refused(registry: Flask, entry_id: str) -> None:
    guid, _ = Reader(registry).reason("MD5")
    assert Reader(registry).vote(43, entry_id, "PDQ", negative(guid)).status_code == 400


def test_an_algorithm_that_the_entry_lacks_is_refused(registry: Flask) -> None:
    video = fill(registry, [PAST], kind=MediaKind.VIDEO)[0]
    response = Reader(registry).vote(43, video, "SHA1", "<affirmative/>")
    assert response.status_code == 400
    assert "no SHA1 fingerprint" in error_of(response)


@pytest.mark.parametrize(
    "where",
    ["44/{}", "43/unknown", "43/a%00b", "42/{}", "99999999999/{}", "x/{}", "43/" + "a" * 500],
)
def test_an_unknown_entry_is_not_found(refusing: Flask, refused_entry: str, where: str) -> None:
    response = refusing.test_client().put(
        f"/npo/v2/entries/{where.format(refused_entry)}/PDQ/feedback",
        data=f'<feedbackSubmission xmlns="{NS[1:-1]}"><affirmative/></feedbackSubmission>',
        content_type="application/xml",
        auth=OURS.basic,
    )
    assert response.status_code == 404
    assert error_of(response)


HOSTILE = {
    "an entity": '<!DOCTYPE a [<!ENTITY b "c">]><a xmlns="{ns}">&b;</a>',
    "a file": '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "another document": '<queryResult xmlns="{ns}"/>',
    "no namespace": "<feedbackSubmission><affirmative/></feedbackSubmission>",
    "an unknown encoding": '<?xml version="1.0" encoding="no-such"?><a/>',
    "nothing": "",
    "bytes": "\x00\x01",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_body_is_refused(refusing: Flask, what: str) -> None:
    response = refusing.test_client().put(
        "/npo/v2/entries/43/x/PDQ/feedback",
        data=HOSTILE[what].format(ns=NS[1:-1]),
        content_type="application/xml",
        auth=OURS.basic,
    )
    assert response.status_code == 400
    assert error_of(response)


def test_a_vote_is_small_and_xml(refusing: Flask) -> None:
    client = refusing.test_client()
    path = "/npo/v2/entries/43/x/PDQ/feedback"
    large = client.put(
        path, data=b" " * (MAX_BYTES + 1), content_type="application/xml", auth=OURS.basic
    )
    assert large.status_code == 413
    assert error_of(large)
    form = client.put(path, data={"a": "b"}, auth=OURS.basic)
    assert form.status_code == 415
    assert error_of(form)


@pytest.mark.parametrize("sign_in", [OURS, PEER, None])
def test_an_address_that_asks_too_often_is_told_when_to_come_back(
    sqlite_url: str, make_registry: MakeRegistry, sign_in: SignIn | None
) -> None:
    client = make_registry(sqlite_url, sharing_limit="3 per minute").test_client()
    auth = sign_in.basic if sign_in else None
    answers = [client.get("/npo/v2/members", auth=auth) for _ in range(5)]
    assert {a.status_code for a in answers[:3]} == {200 if sign_in else 401}
    for answer in answers[3:]:
        assert answer.status_code == 429
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert "3 per 1 minute" in error_of(answer)
    assert all("Retry-After" not in answer.headers for answer in answers[:3])
