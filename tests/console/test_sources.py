"""Sources: how they stand, adding, changing, testing and pausing them, and having one read now."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from rq import Queue
from rq.serializers import JSONSerializer

from config.settings import load
from exchange.errors import Unavailable
from exchange.records import Checkpoint, Page, Problem
from moderation import audit, sources, sync
from tests.console.conftest import Console, MakeApp, environment
from tests.console.visitor import Visitor
from tests.registry.conftest import OURS, MakeRegistry, listen, make_registry
from tests.world import pdq, record

__all__ = ["listen", "make_registry"]

SECRET = f"{OURS.username}:{OURS.password}"


@pytest.fixture
def ada(console: Console) -> Visitor:
    """An admin."""
    return console.signed_in("ada")


def _read(console: Console, page: Page) -> None:
    def fetch(_checkpoint: Checkpoint | None, _now: datetime) -> Page:
        return page

    sync.sync(console.world.database, 1, fetch, console.world.policy)


def test_a_source_that_was_never_read_says_what_comes(ada: Visitor) -> None:
    ada.get("/sources")
    assert ada.rows("sources")[0][:2] == ["Take It Down", "ncmec"]
    ada.get("/sources/1")
    assert "Not read yet" in ada.text
    assert ada.facts()["Secret, by name"] == "test not set here"
    assert ada.facts()["It is told"] == "outcomes"
    assert ada.facts()["Greatest distance"] == "31 bits, by the policy"
    assert ada.facts()["Due after"] == "24 hours, by the policy"


def test_readings_and_what_could_not_be_read_are_shown(console: Console, ada: Visitor) -> None:
    page = Page(
        (record(pdq()), record(pdq())),
        (Problem("its md5 has 31 digits", "42", "bad-1"),),
        {},
        more=False,
    )
    _read(console, page)
    ada.get("/sources")
    assert "1 unreadable" in ada.rows("sources")[0][3]
    ada.get("/sources/1")
    assert ada.rows("runs")[0][2:8] == ["1", "2", "0", "0", "0", "1"]
    assert ada.rows("problems") == [["42", "bad-1", "its md5 has 31 digits"]]


def test_a_reading_that_failed_says_why(console: Console, ada: Visitor) -> None:
    def fetch(_checkpoint: Checkpoint | None, _now: datetime) -> Page:
        raise Unavailable("the registry answered 503")

    with pytest.raises(Unavailable):
        sync.sync(console.world.database, 1, fetch, console.world.policy)
    ada.get("/sources/1")
    assert "The last reading failed" in ada.problem
    assert "the registry answered 503" in ada.problem


def test_the_index_and_the_counts_are_shown(console: Console, ada: Visitor) -> None:
    console.world.list_entries(record(pdq()), record(pdq()))
    ada.get("/sources")
    assert ada.rows("sources")[0][4:] == ["2", "0", "2"]
    assert ada.facts()["Index version"] == "1"


def test_a_source_is_read_now(console: Console, ada: Visitor) -> None:
    ada.get("/sources/1")
    ada.follow(ada.press("Read it now"))
    assert "The source is being read." in ada.text
    queue = Queue("sync", connection=console.redis, serializer=JSONSerializer)
    assert [(job.func_name, list(job.args)) for job in queue.jobs] == [
        ("jobs.sync.sync_source", [1])
    ]


def test_what_is_paused_or_not_there_is_not_read(console: Console, ada: Visitor) -> None:
    with console.world.database.write() as session:
        sources.set_paused(session, "Take It Down", paused=True, actor="t", now=console.world.now)
    ada.get("/sources/1")
    assert "Read it now" not in ada.buttons()
    ada.follow(ada.post("/sources/1/sync", {"csrf_token": ada.token()}))
    assert "paused" in ada.text
    assert ada.post("/sources/2/sync", {"csrf_token": ada.token()}).status_code == 404
    assert ada.get("/sources/2").status_code == 404
    assert Queue("sync", connection=console.redis, serializer=JSONSerializer).jobs == []


def test_an_auditor_looks_and_does_not_press(console: Console) -> None:
    amir = console.signed_in("amir")
    amir.get("/sources/1")
    assert "Read it now" not in amir.buttons()
    for button in ("Test the connection", "Pause it"):
        assert button not in amir.buttons()
    assert amir.get("/sources/1/change").status_code == 403
    assert amir.get("/sources/new").status_code == 403


NEW: dict[str, Any] = {
    "name": "NPO",
    "kind": "ncmec",
    "base_url": "https://registry.test/npo",
    "secret_name": "npo",
}


def _logged(console: Console, name: str) -> list[str]:
    with console.world.database.read() as rows:
        return [line.action for line in audit.lines(rows, subject=f"source:{name}")]


def test_a_source_is_added_by_a_form(console: Console, ada: Visitor) -> None:
    ada.get("/sources")
    ada.get("/sources/new")
    own: dict[str, Any] = {
        "member_ids": "42, 43",
        "due_hours": "6.5",
        "pdq_distance": "20",
        "pdq_quality": "80",
    }
    ada.follow(ada.press("Add the source", **NEW, **own))
    assert "NPO is added" in ada.text
    facts = ada.facts()
    assert facts["Members"] == "42, 43"
    assert facts["Due after"] == "6.5 hours"
    assert (facts["Greatest distance"], facts["Least quality"]) == ("20 bits", "80")
    assert _logged(console, "NPO") == ["source.added"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "Enter a name."),
        ({"name": "Take It Down"}, "there is a source named"),
        ({"base_url": "http://registry.test"}, "must be https"),
        ({"base_url": "https://me:hidden@registry.test"}, "user name, password"),
        ({"secret_name": "a b"}, "letters, digits, underline"),
        ({"secret_name": ""}, "asks for a secret"),
        ({"pdq_distance": "40"}, "change pdq_distance in the policy"),
        ({"pdq_quality": "many"}, "Not a valid integer value."),
        ({"due_hours": "nan"}, "at most 720 hours"),
        ({"kind": "fax"}, "Not a valid choice."),
    ],
)
def test_what_a_source_cannot_be_is_said_and_what_was_typed_stays(
    console: Console, ada: Visitor, wrong: dict[str, Any], words: str
) -> None:
    ada.get("/sources/new")
    answer = ada.press("Add the source", **(NEW | wrong))
    assert answer.status_code == 422
    assert words in ada.problem
    typed = NEW | wrong
    kept = ada.form("/sources/new").fields
    assert all(kept[name] == typed[name] for name in ("name", "secret_name"))
    ada.get("/sources")
    assert len(ada.rows("sources")) == 1
    assert _logged(console, "NPO") == []


def test_a_source_is_changed_and_the_page_says_what_follows(console: Console, ada: Visitor) -> None:
    console.world.list_entries(record(pdq(), member="1"), record(pdq(), member="2"))
    ada.get("/sources/1/change")
    ada.follow(ada.press("Change the source", member_ids="1", pdq_distance="12"))
    assert "read from the beginning. 1 entry of other members taken off" in ada.text
    assert ada.facts()["Entries"] == "1 active, 1 withdrawn"
    assert ada.facts()["Greatest distance"] == "12 bits"
    assert _logged(console, "Take It Down")[-1] == "source.changed"
    queue = Queue("sync", connection=console.redis, serializer=JSONSerializer)
    assert [list(job.args) for job in queue.jobs] == [[1]]
    ada.get("/sources/1/change")
    ada.follow(ada.press("Change the source"))
    assert "Nothing was changed." in ada.text


def test_a_change_that_cannot_be_is_said_at_its_field(ada: Visitor) -> None:
    ada.get("/sources/1/change")
    answer = ada.press("Change the source", pdq_quality="10")
    assert answer.status_code == 422
    assert "change pdq_quality in the policy" in ada.problem
    assert ada.press("Change the source", pdq_quality="90").status_code == 302


def test_of_two_who_change_a_source_the_second_is_told(console: Console, ada: Visitor) -> None:
    lena = console.signed_in("lena")
    ada.get("/sources/1/change")
    lena.get("/sources/1/change")
    lena.follow(lena.press("Change the source", due_hours="3"))
    assert ada.press("Change the source", due_hours="9").status_code == 422
    assert "somebody changed this source meanwhile" in ada.problem
    lena.get("/sources/1")
    assert lena.facts()["Due after"] == "3 hours"


def test_a_source_is_paused_and_goes_on(console: Console, ada: Visitor) -> None:
    ada.get("/sources/1")
    ada.follow(ada.press("Pause it"))
    assert "stay in force" in ada.text
    assert ada.facts()["State"] == "paused"
    ada.follow(ada.press("Go on reading it"))
    assert ada.facts()["State"] == "read regularly"
    assert _logged(console, "Take It Down")[-2:] == ["source.paused", "source.resumed"]


def test_what_is_not_there_can_be_neither_changed_nor_asked(ada: Visitor) -> None:
    ada.get("/sources/1")
    token = {"csrf_token": ada.token()}
    assert ada.get("/sources/9/change").status_code == 404
    for act in ("change", "paused", "test"):
        assert ada.post(f"/sources/9/{act}", token).status_code == 404


@pytest.fixture
def connected(
    console: Console,
    make_app: MakeApp,
    make_registry: MakeRegistry,
    listen: Callable[[Flask], str],
    database_url: str,
    redis_url: str,
    tmp_path: Path,
) -> Callable[[str], Visitor]:
    """An admin of a console that knows this secret, on the page of a source that really listens."""
    registry = listen(make_registry(f"sqlite:///{tmp_path / 'registry.sqlite'}"))

    def connect(secret: str) -> Visitor:
        environ = environment(database_url, redis_url, tmp_path) | {"SECRET_LOCAL": secret}
        console.app = make_app(load(environ))
        ada = console.signed_in("ada")
        ada.get("/sources/new")
        local = {"name": "Local", "base_url": f"{registry}/npo", "secret_name": "local"}
        ada.follow(ada.press("Add the source", **(NEW | local)))
        return ada

    return connect


def test_the_connection_is_tested(connected: Callable[[str], Visitor], console: Console) -> None:
    ada = connected(SECRET)
    assert ada.facts()["Secret, by name"] == "local set"
    ada.follow(ada.press("Test the connection"))
    assert f"we are member {OURS.member_id}, {OURS.member_name}" in ada.text
    assert _logged(console, "Local") == ["source.added", "source.tested"]
    assert OURS.password not in ada.text


def test_a_registry_that_does_not_let_us_in_is_said(connected: Callable[[str], Visitor]) -> None:
    ada = connected(f"{OURS.username}:notours")
    ada.follow(ada.press("Test the connection"))
    assert "Local does not let us in" in ada.text
    assert "401" in ada.text
    assert "notours" not in ada.text


def test_a_secret_that_is_not_set_is_named(ada: Visitor) -> None:
    ada.get("/sources/1")
    ada.follow(ada.press("Test the connection"))
    assert "put it into SECRET_TEST" in ada.text
