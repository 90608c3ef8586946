"""Several hosts on one database: each keeps its own index current, and whole."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from console import keeper
from console.keeper import Keeper
from exchange.records import MediaKind
from matching.fingerprint import Algorithm, Fingerprint
from matching.index import IndexDirectory
from moderation import check, index, sync
from moderation.check import Answer
from moderation.content import Item, Print
from store.source import Source
from tests.console.conftest import Console, only
from tests.world import World, pdq, record

HOLD = """
import fcntl, sys, time
lock = open(sys.argv[1], "a")
fcntl.flock(lock, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def there(tmp_path: Path) -> IndexDirectory:
    """The index folder of another host."""
    return IndexDirectory(tmp_path / "another host")


@pytest.fixture
def start(world: World) -> Iterator[Callable[[IndexDirectory], Keeper]]:
    """Starts keepers that look often, and stops them."""
    started = []

    def begin(directory: IndexDirectory) -> Keeper:
        started.append(Keeper(world.database, directory, seconds=0.02))
        started[-1].start()
        return started[-1]

    yield begin
    for one in started:
        one.stop()


def _within(seconds: float, holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def _version(directory: IndexDirectory) -> int | None:
    found = directory.current()
    return found.version if found else None


def _list_behind(world: World) -> None:
    """A new version of the list that no host has yet."""
    with world.database.write() as session:
        source = session.scalars(select(Source)).one()
        sync.apply_entries(session, source, [record(pdq())], world.policy, world.now)
        index.new_version(session, world.now)


def _answer(world: World, directory: IndexDirectory, value: bytes) -> Answer:
    item = Item("upload", MediaKind.IMAGE, (Print(Fingerprint(Algorithm.PDQ, value), 90),))
    return check.check(world.database, directory, world.policy, [item], world.now).answers[0].answer


def test_a_host_without_workers_gets_what_is_new_within_seconds(
    world: World, there: IndexDirectory, start: Callable[[IndexDirectory], Keeper]
) -> None:
    first, second = pdq(), pdq()
    world.list_entries(record(first))
    with pytest.raises(check.NoIndex):
        _answer(world, there, first)
    start(there)
    assert _within(10, lambda: _version(there) == 1)
    assert _answer(world, there, first) is not Answer.ALLOW
    assert _answer(world, there, second) is Answer.ALLOW
    world.list_entries(record(second))
    assert _within(10, lambda: _version(there) == 2)
    assert _answer(world, there, second) is not Answer.ALLOW


def test_what_is_withdrawn_stops_at_once_on_every_host(world: World, there: IndexDirectory) -> None:
    value = pdq()
    world.list_entries(record(value, entry_id="one"))
    index.ensure_current(world.database, there)
    world.list_entries(record(entry_id="one", withdrawn=True))
    assert _version(there) == 1, "this host has not heard of it"
    assert _answer(world, there, value) is Answer.ALLOW


@only("sqlite")
def test_one_process_of_a_host_looks_and_another_takes_over(
    world: World, start: Callable[[IndexDirectory], Keeper]
) -> None:
    _list_behind(world)
    held = world.directory.path / "keeper"
    with subprocess.Popen([sys.executable, "-c", HOLD, held], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        start(world.directory)
        time.sleep(0.3)
        assert _version(world.directory) is None, "two processes look after one host"
        other.kill()
    assert _within(10, lambda: _version(world.directory) == 1)


@only("sqlite")
def test_a_damaged_snapshot_serves_nobody_and_is_built_anew(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    value = pdq()
    world.list_entries(record(value))
    before = world.directory.current()
    assert before is not None
    path = world.directory.path / before.name
    content = bytearray(path.read_bytes())
    content[content.index(value)] ^= 1
    path.write_bytes(content)
    assert _answer(world, world.directory, value) is not Answer.ALLOW, "one bit off is still near"
    Keeper(world.database, world.directory).look()
    assert "damaged" in caplog.text
    assert value.hex() not in caplog.text
    after = world.directory.current()
    assert after is not None
    assert after.name != before.name
    after.verify()


@only("sqlite")
def test_until_then_the_host_says_that_it_is_not_ready(console: Console) -> None:
    world, client = console.world, console.visitor().client
    world.list_entries(record(pdq()))
    assert client.get("/readyz").status_code == 200
    index.refuse_damaged(world.directory)
    assert client.get("/readyz").status_code == 200, "nothing is wrong with it"
    found = world.directory.current()
    assert found is not None
    with (world.directory.path / found.name).open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"x")
    index.refuse_damaged(world.directory)
    said = client.get("/readyz")
    assert said.status_code == 503
    assert said.json is not None
    assert said.json["index"]["version"] is None
    assert said.json["index"]["stale"] is True
    Keeper(world.database, world.directory).look()
    assert client.get("/readyz").status_code == 200


@only("sqlite")
def test_it_is_read_whole_at_the_start_and_then_rarely(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[float] = []
    monkeypatch.setattr(IndexDirectory, "verify", lambda _: read.append(time.monotonic()))
    one = Keeper(world.database, world.directory)
    for _ in range(3):
        one.look()
    assert len(read) == 1
    one._read_whole_at -= keeper.WHOLE_SECONDS
    one.look()
    assert len(read) == 2


@only("sqlite")
def test_a_failure_is_said_without_its_words_and_tried_again(
    world: World,
    start: Callable[[IndexDirectory], Keeper],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    real, failures = index.ensure_current, iter([OSError("planted")])

    def fail_once(database: object, directory: IndexDirectory) -> object:
        for error in failures:
            raise error
        return real(world.database, directory)

    monkeypatch.setattr(index, "ensure_current", fail_once)
    monkeypatch.setattr(keeper, "AFTER_FAILURE_SECONDS", 0.02)
    _list_behind(world)
    start(world.directory)
    assert _within(10, lambda: _version(world.directory) == 1)
    assert "OSError" in caplog.text
    assert "planted" not in caplog.text
