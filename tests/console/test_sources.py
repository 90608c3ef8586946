"""Sources: how they stand, what their readings did, and having one read now."""

from datetime import datetime

import pytest
from rq import Queue
from rq.serializers import JSONSerializer

from exchange.errors import Unavailable
from exchange.records import Checkpoint, Page, Problem
from moderation import sources, sync
from tests.console.conftest import Console
from tests.console.visitor import Visitor
from tests.world import pdq, record


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
    assert ada.facts()["Secret, by name"] == "test"


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
