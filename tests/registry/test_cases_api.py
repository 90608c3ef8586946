"""The person's side: submit fingerprints, see how they stand, take them back."""

from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import create_engine, select

from matching.fingerprint import Algorithm
from registry.tables import Case, EntryFingerprint, EntryVote
from tests.registry.conftest import OURS, PEER, MakeRegistry, parts
from tests.registry.forms import EXACT, ask, picture, submit, video
from tests.registry.lists import Reader, made_up, negative


def test_a_case_stands_on_the_list_under_take_it_down(registry: Flask) -> None:
    answer = submit(registry, picture(1), video(2), classification="B1")
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    case = answer.get_json()
    assert answer.headers["Location"] == f"/cases/{case['case']}"
    assert [item["state"] for item in case["items"]] == ["listed", "listed"]
    assert len(case["pin"]) == 8

    seen = {each.tag: each.element for each in Reader(registry).window()}
    assert set(seen) == {"image", "video"}
    for tag, number, algorithms in [("image", 1, list(Algorithm)), ("video", 2, EXACT)]:
        member = seen[tag].find("{*}member")
        assert member is not None
        assert (member.attrib["id"], member.text) == ("1", "Take It Down")
        assert seen[tag].findtext("{*}classification") == "B1"
        for algorithm in algorithms:
            shown = seen[tag].findtext(f"{{*}}fingerprints/{{*}}{algorithm}")
            assert shown == made_up(algorithm, number).hex
    assert seen["video"].find("{*}fingerprints/{*}pdq") is None


def test_the_person_sees_what_members_said(registry: Flask) -> None:
    case = submit(registry, picture(1), picture(2)).get_json()
    order = [made_up(Algorithm.MD5, n).hex for n in (1, 2)]
    ids = {
        e.element.findtext("{*}fingerprints/{*}md5"): e.entry_id for e in Reader(registry).window()
    }
    first = ids[order[0]]
    ours, peer = Reader(registry, OURS), Reader(registry, PEER)
    for algorithm in ("PDQ", "MD5"):
        ours.vote(1, first, algorithm, "<affirmative/>")
    peer.vote(1, first, "PDQ", negative(peer.reason("PDQ")[0]))
    state = ask(registry, "GET", case["case"].lower(), case["pin"]).get_json()
    assert "pin" not in state
    one, two = state["items"]
    assert (one["confirmed"], one["disputed"]) == (1, 1), "a member counts once an item"
    assert "1 platform found it and confirmed" in one["words"]
    assert (two["confirmed"], two["disputed"]) == (0, 0)
    assert "No platform has reported finding it so far." in two["words"]


def test_taking_a_case_back_erases_it_and_leaves_tombstones(registry: Flask) -> None:
    kept = submit(registry, picture(7)).get_json()
    case = submit(registry, picture(1), video(2)).get_json()
    (one,) = [
        e
        for e in Reader(registry).window()
        if made_up(Algorithm.MD5, 1).hex in "".join(e.element.itertext())
    ]
    Reader(registry).vote(1, one.entry_id, "PDQ", "<affirmative/>")
    answers = [ask(registry, "DELETE", case["case"], case["pin"]) for _ in range(2)]
    assert answers[0].get_json() == answers[1].get_json(), "taking back twice is taking back once"
    for answer in answers:
        assert answer.status_code == 200
        assert [item["state"] for item in answer.get_json()["items"]] == ["withdrawn"] * 2
    tags = sorted(each.tag for each in Reader(registry).window())
    assert tags == ["deletedImage", "deletedVideo", "image"]
    with parts(registry).database.reading() as session:
        assert len(session.scalars(select(EntryFingerprint)).all()) == 3, "those of the kept case"
        assert session.scalars(select(EntryVote)).all() == []
    assert ask(registry, "GET", kept["case"], kept["pin"]).get_json()["withdrawn"] is None


def test_what_was_taken_back_is_not_left_in_the_file(
    sqlite_url: str, make_registry: MakeRegistry
) -> None:
    registry = make_registry(sqlite_url)
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    value = made_up(Algorithm.PDQ, 1).value

    def in_file() -> bool:
        with create_engine(sqlite_url).connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        return value in path.read_bytes()

    case = submit(registry, picture(1)).get_json()
    assert in_file()
    ask(registry, "DELETE", case["case"], case["pin"])
    assert not in_file()


def test_an_unknown_number_and_a_wrong_pin_get_one_answer_for_one_work(
    registry: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = submit(registry, picture()).get_json()
    work: list[str] = []
    real = PasswordHasher.verify

    def verify(hasher: PasswordHasher, stored: str, word: bytes) -> bool:
        work.append(stored.rsplit("$", 2)[0])
        return bool(real(hasher, stored, word))

    monkeypatch.setattr(PasswordHasher, "verify", verify)
    other = "0" * 8 if case["pin"] != "0" * 8 else "1" * 8
    tries = [
        (case["case"], other),
        ("00000-00000", case["pin"]),
        ("nonsense", case["pin"]),
        ("a%00b", case["pin"]),
        (case["case"], ""),
        (case["case"], "é" * 9),
    ]
    for method in ("GET", "DELETE"):
        answers = [ask(registry, method, number, pin) for number, pin in tries]
        assert {(a.status_code, a.data) for a in answers} == {(401, answers[0].data)}
    assert len(work) == 2 * len(tries)
    assert len(set(work)) == 1, "the same settings of argon2"
    assert ask(registry, "GET", case["case"], case["pin"]).status_code == 200


def test_neither_pin_nor_password_is_kept_readable(registry: Flask) -> None:
    case = submit(registry, picture()).get_json()
    with parts(registry).database.reading() as session:
        kept = session.get_one(Case, case["case"])
    assert kept.pin_hash.startswith("$argon2id$")
    with pytest.raises(Exception, match="does not match"):
        PasswordHasher().verify(kept.pin_hash, case["pin"])  # keyed: the table alone is no use


def test_guesses_at_a_case_are_counted(sqlite_url: str, make_registry: MakeRegistry) -> None:
    registry = make_registry(sqlite_url, case_limit="3 per hour", trusted_proxies=1)
    case = submit(registry, picture()).get_json()

    def guess(address: str) -> int:
        return (
            registry.test_client()
            .get(
                f"/cases/{case['case']}",
                headers={"X-Forwarded-For": address, "Authorization": "Bearer 0"},
            )
            .status_code
        )

    codes = [guess(f"10.0.0.{number}") for number in range(5)]
    assert codes == [401, 401, 401, 429, 429], "over all addresses together"


def test_submissions_are_counted(sqlite_url: str, make_registry: MakeRegistry) -> None:
    registry = make_registry(sqlite_url, submit_limit="2 per hour")
    answers = [submit(registry, picture()) for _ in range(3)]
    assert [a.status_code for a in answers] == [201, 201, 429]
    assert int(answers[2].headers["Retry-After"]) > 0
    assert "too many requests" in answers[2].get_json()["error"]
