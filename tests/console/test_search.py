"""Searching by a file: found by distance, forgotten at once, never on disk, noted without value."""

from io import BytesIO

import pytest
from flask import Request
from sqlalchemy import select
from werkzeug.test import TestResponse

from console import search
from demo.pictures import landscape
from matching.fingerprint import Algorithm, Fingerprint
from matching.media import PhotoFingerprints, fingerprint_bytes
from moderation.content import Print
from store.audit import AuditEntry
from tests.console.conftest import Console, only
from tests.console.visitor import Visitor
from tests.pages.checks import check_page
from tests.world import near, record

pytestmark = only("sqlite")


def _png(*, padding: int = 0) -> bytes:
    out = BytesIO()
    landscape(3).save(out, "PNG")
    return out.getvalue() + b"\0" * padding


def _prints() -> PhotoFingerprints:
    found = fingerprint_bytes(_png())
    assert isinstance(found, PhotoFingerprints)
    return found


@pytest.fixture
def mona(console: Console) -> Visitor:
    """A moderator before the search, with something near to a drawn landscape to be found."""
    value = _prints().pdq.value
    console.world.list_entries(record(near(value, 4), entry_id="e-4"))
    console.world.post(Print(Fingerprint(Algorithm.PDQ, near(value, 2)), 90), platform_id="post-2")
    mona = console.signed_in("mona")
    mona.get("/search")
    return mona


def _send(visitor: Visitor, data: bytes, name: str = "x.png") -> TestResponse:
    answer = visitor.client.post(
        "/search",
        data={"csrf_token": visitor.token(), "file": (BytesIO(data), name)},
        content_type="multipart/form-data",
    )
    check_page(answer.text)
    return answer


def test_a_file_finds_entries_and_content_by_distance(mona: Visitor) -> None:
    answer = _send(mona, _png())
    assert answer.status_code == 200
    assert answer.text.index("4 of 256 bits differ") < answer.text.index("2 of 256 bits differ")
    for shown in ("e-4", "post-2", "H-1", "/queue?view=all&amp;entry=e-4"):
        assert shown in answer.text
    for secret in (_prints().pdq, _prints().md5, _prints().sha1):
        assert secret.hex not in answer.text.lower()


def test_a_pasted_fingerprint_finds_the_same_and_is_not_echoed(mona: Visitor) -> None:
    pasted = _prints().pdq.hex.upper()
    answer = mona.press("Look for it", fingerprint=f" {pasted} ")
    assert answer.status_code == 200
    assert mona.rows("entries")[0][0].startswith("4 of 256 bits differ")
    assert mona.rows("contents")[0][0].startswith("2 of 256 bits differ")
    assert pasted.lower() not in answer.text.lower()


def test_the_log_notes_the_search_without_what_was_looked_for(
    console: Console, mona: Visitor
) -> None:
    _send(mona, _png())
    with console.world.database.read() as session:
        query = select(AuditEntry).where(AuditEntry.action == "search.by-fingerprint")
        (line,) = session.scalars(query)
    assert line.actor == "person:mona"
    assert line.details == {"how": "file", "entries": 1, "removals": 0, "contents": 1}


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        ("", "Choose a file, or paste a fingerprint."),
        ("abc", "That is no fingerprint"),
        ("g" * 64, "That is no fingerprint"),
        ("a" * 63, "That is no fingerprint"),
    ],
)
def test_what_gives_nothing_to_look_for_is_said(mona: Visitor, pasted: str, said: str) -> None:
    assert mona.press("Look for it", fingerprint=pasted).status_code == 422
    assert said in mona.problem


def test_a_file_that_cannot_be_read_is_said(mona: Visitor) -> None:
    answer = _send(mona, b"no picture" * 10)
    assert answer.status_code == 422
    assert "neither a picture nor a video" in answer.text


def test_a_file_that_is_too_large_is_refused(
    mona: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = mona.client.application.view_functions["search.look"]
    monkeypatch.setattr(view, "body_bytes", 100_000)
    assert _send(mona, b"x" * 100_000).status_code == 413


@pytest.fixture
def no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every temporary file of Werkzeug fail."""

    def refuse(*_arguments: object, **_rest: object) -> None:
        raise AssertionError("a file that was sent went to disk")

    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", refuse)
    monkeypatch.setattr("werkzeug.formparser.TemporaryFile", refuse, raising=False)


@pytest.mark.usefixtures("no_disk")
def test_a_large_file_stays_in_memory(mona: Visitor) -> None:
    assert _send(mona, _png(padding=2_000_000)).status_code == 200


@pytest.mark.usefixtures("no_disk")
def test_the_check_would_notice_a_file_on_disk(mona: Visitor) -> None:
    mona.client.application.request_class = Request
    assert _send(mona, _png(padding=2_000_000)).status_code == 500


def test_so_many_searches_and_no_more(mona: Visitor) -> None:
    token = {"csrf_token": mona.token(), "fingerprint": "ab" * 16}
    codes = [mona.client.post("/search", data=token).status_code for _ in range(21)]
    assert codes == [200] * 20 + [429]


def test_who_may_not_search_has_nothing_read(console: Console, mona: Visitor) -> None:
    """The size of a form is raised behind the guard only."""
    for visitor in (console.visitor(), console.signed_in("amir")):
        visitor.get("/sign-in")
        answer = visitor.client.post(
            "/search", data={"file": (BytesIO(b"x" * 1_000_000), "x")}, follow_redirects=False
        )
        assert answer.status_code in (302, 403)


def test_other_forms_stay_small_and_hold_no_nul(mona: Visitor) -> None:
    sent = {"csrf_token": mona.token(), "login": "x" * 300_000}
    assert mona.client.post("/sign-in", data=sent).status_code == 413
    sent = {"csrf_token": mona.token(), "fingerprint": "a\0b"}
    assert mona.client.post("/search", data=sent).status_code == 400


def test_limits_are_under_the_servers_own(mona: Visitor) -> None:
    """gunicorn ends a request after a minute; see config/gunicorn.py."""
    assert search.LIMITS.max_seconds < 60
