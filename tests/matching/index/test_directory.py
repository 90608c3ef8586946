"""Snapshots that take over from one another, with readers and writers that fail meanwhile."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.fingerprint import Algorithm
from matching.index import Block, IndexDirectory, Row, SnapshotError, StaleVersionError
from tests.matching.index.lists import (
    MD5,
    PDQ,
    SHA1,
    digest,
    keys_of,
    like_photos,
    listed,
    near_duplicates,
    pdq,
    rows,
    scanned,
)

PHOTOS = like_photos(8, 1)
ROOT = Path(__file__).parents[3]


def found(directory: IndexDirectory) -> set[int]:
    index = directory.current()
    assert index is not None
    return keys_of(index.near(PHOTOS))


def test_before_the_first_there_is_none(tmp_path: Path) -> None:
    directory = IndexDirectory(tmp_path / "deep" / "index")
    assert directory.current() is None
    assert directory.path.stat().st_mode & 0o777 == 0o700


def test_what_is_published_is_current_here_and_in_another_process(tmp_path: Path) -> None:
    here, there = IndexDirectory(tmp_path), IndexDirectory(tmp_path)
    before = datetime.now(UTC)
    index = here.publish(3, [pdq(PHOTOS[:2])])
    assert (index.version, index.count, index.set_aside) == (3, 2, 0)
    assert timedelta(0) <= index.built_at - before < timedelta(minutes=1)
    assert index.built_at.tzinfo is UTC
    assert found(there) == {0, 1}
    here.publish(4, [pdq(PHOTOS[2:4], 2)])
    assert found(there) == {2, 3}
    index.verify()


def test_asking_again_opens_nothing(tmp_path: Path) -> None:
    directory = IndexDirectory(tmp_path)
    index = directory.publish(1, [pdq(PHOTOS)])
    assert directory.current() is index
    with ThreadPoolExecutor(8) as pool:
        assert {id(i) for i in pool.map(lambda _: directory.current(), range(100))} == {id(index)}


def test_an_older_version_is_refused_and_the_same_is_a_rebuild(tmp_path: Path) -> None:
    directory = IndexDirectory(tmp_path)
    directory.publish(5, [pdq(PHOTOS[:1])])
    with pytest.raises(StaleVersionError, match="older than version 5") as refused:
        directory.publish(4, [pdq(PHOTOS)])
    assert refused.value.current == 5
    assert found(directory) == {0}
    directory.publish(5, [pdq(PHOTOS[:2])])
    assert found(directory) == {0, 1}


def test_a_change_is_seen_at_once_and_the_base_stays(tmp_path: Path) -> None:
    directory = IndexDirectory(tmp_path)
    base = directory.publish(1, [pdq(PHOTOS[:4])])
    index = directory.amend(2, [pdq(PHOTOS[4:6], 4)], [0, 1, 99], since=1)
    assert (index.version, index.count, index.amended) == (2, 4, 4)
    assert found(directory) == {2, 3, 4, 5}
    assert index.base is base.base, "the base was opened again"
    assert keys_of(base.near(PHOTOS)) == {0, 1, 2, 3}, "an index that is held must not change"
    index = directory.amend(3, [], [4], since=2)
    assert found(directory) == {2, 3, 5}
    folded = directory.publish(3, [pdq(PHOTOS[[2, 3, 5]])])
    assert (folded.version, folded.amended) == (3, 0)


def test_a_change_that_missed_another_is_refused(tmp_path: Path) -> None:
    directory = IndexDirectory(tmp_path)
    with pytest.raises(SnapshotError, match="publish a snapshot first"):
        directory.amend(1, [], [], since=0)
    directory.publish(5, [pdq(PHOTOS[:1])])
    for version, since in [(7, 6), (6, 4), (5, 5), (4, 5)]:
        with pytest.raises(StaleVersionError) as refused:
            directory.amend(version, [pdq(PHOTOS[1:], 1)], [], since=since)
        assert refused.value.current == 5
    assert found(directory) == {0}


values = {
    PDQ: [bytes(value) for value in near_duplicates(6, 2, 3)],
    MD5: [digest(MD5, bytes([n])) for n in range(3)],
    SHA1: [digest(SHA1, bytes([n])) for n in range(3)],
}
row = st.one_of(
    [st.builds(Row, st.integers(0, 9), st.just(a), st.sampled_from(v)) for a, v in values.items()]
)
change = st.tuples(
    st.booleans(), st.lists(row, max_size=6), st.lists(st.integers(0, 11), max_size=4)
)


@given(st.lists(change, max_size=6))
@settings(max_examples=40, deadline=None)
def test_any_order_of_changes_and_rebuilds_holds_what_a_list_would(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[bool, list[Row], list[int]]]
) -> None:
    directory = IndexDirectory(tmp_path_factory.mktemp("d"))
    held: list[Row] = []
    index = directory.publish(0, held)
    for version, (rebuild, added, removed) in enumerate(changes, 1):
        gone = {*removed, *(new.key for new in added)}
        held = [old for old in held if old.key not in gone] + added
        if rebuild:
            index = directory.publish(version, held)
        else:
            index = directory.amend(version, added, removed, since=version - 1)
        assert index.count == len(held)
        for algorithm in (MD5, SHA1):
            mine = [r for r in held if r.algorithm is algorithm]
            expected = sorted(
                (n, r.key, 0) for n, v in enumerate(values[algorithm]) for r in mine if r.value == v
            )
            assert listed(index.equal(algorithm, values[algorithm])) == expected
        mine = [r for r in held if r.algorithm is PDQ]
        array = np.array([list(r.value) for r in mine], np.uint8).reshape(-1, 32)
        asked = np.array([list(value) for value in values[PDQ]], np.uint8)
        keys = np.array([r.key for r in mine], np.int64)
        assert listed(index.near(asked, 31)) == scanned(array, keys, asked, 31)


def test_superseded_files_go_and_the_one_before_stays(tmp_path: Path) -> None:
    directory = IndexDirectory(tmp_path)
    held = [directory.publish(version, [pdq(PHOTOS)]) for version in range(5)]
    held += [directory.amend(version, [], [0], since=version - 1) for version in range(5, 9)]
    names = {path.name for path in tmp_path.glob("*.snapshot")}
    assert names == {held[4].name, held[7].name, held[8].name}
    for index in held[:5]:
        assert keys_of(index.near(PHOTOS)) == set(range(8)), "a reader lost its removed file"
    (tmp_path / "x.snapshot.new").write_bytes(b"left behind by a kill")
    directory.publish(9, [pdq(PHOTOS)])
    directory.publish(10, [pdq(PHOTOS)])
    assert sorted(path.suffix for path in tmp_path.iterdir()) == ["", "", ".snapshot", ".snapshot"]


@pytest.mark.parametrize("target", [None, "../../etc/passwd", "nonsense", "\udcff", "/"])
def test_a_foreign_pointer_is_refused_and_replaced(tmp_path: Path, target: str | None) -> None:
    directory = IndexDirectory(tmp_path)
    directory.publish(1, [pdq(PHOTOS)])
    (tmp_path / "current").unlink()
    if target is None:
        (tmp_path / "current").write_text("no link")
    else:
        (tmp_path / "current").symlink_to(target)
    with pytest.raises(SnapshotError, match="leads to no snapshot; publish again"):
        IndexDirectory(tmp_path).current()
    directory.publish(1, [pdq(PHOTOS)])
    assert found(directory) == set(range(8))


def test_a_damaged_snapshot_is_refused_and_replaced_by_its_own_version(tmp_path: Path) -> None:
    directory = IndexDirectory(tmp_path)
    index = directory.publish(2, [pdq(PHOTOS)])
    os.truncate(tmp_path / index.name, 9_000)
    fresh = IndexDirectory(tmp_path)
    with pytest.raises(SnapshotError, match="was written with"):
        fresh.current()
    with pytest.raises(SnapshotError, match="was written with"):
        fresh.amend(3, [], [], since=2)
    assert fresh.publish(2, [pdq(PHOTOS)]).count == 8


@pytest.mark.parametrize("what", ["delta", "base"])
def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path, what: str) -> None:
    directory = IndexDirectory(tmp_path)
    directory.publish(1, [pdq(PHOTOS)])
    index = directory.amend(2, [], [0], since=1)
    missing = index.name if what == "delta" else index.base.name
    (tmp_path / missing).unlink()
    with pytest.raises(SnapshotError, match=f"{index.name} or its base is gone; publish again"):
        IndexDirectory(tmp_path).current()


def test_rows_that_fail_leave_the_old_one_and_nothing_else(tmp_path: Path) -> None:
    directory = IndexDirectory(tmp_path)
    directory.publish(1, [pdq(PHOTOS[:1])])

    def interrupted() -> Iterator[Row]:
        yield Row(1, Algorithm.MD5, bytes(16))
        raise ConnectionError("the database went away")

    with pytest.raises(ConnectionError):
        directory.publish(2, interrupted())
    assert found(directory) == {0}
    assert len(list(tmp_path.iterdir())) == 3
    directory.publish(2, [pdq(PHOTOS[:2])])


def run(script: str, *arguments: object) -> subprocess.Popen[str]:
    """Another process with this package; `directory` is in it."""
    before = (
        "import sys\nfrom pathlib import Path\nimport numpy as np\n"
        "from matching.index import *\nfrom tests.matching.index.lists import *\n"
        "directory = IndexDirectory(Path(sys.argv[1]))\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", before + script, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


FULL_DISK = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    directory.publish(2, [pdq(like_photos(5_000, 2))])
except SnapshotError as error:
    print(error)
"""


@pytest.mark.parametrize("room", [5, 8_000, 20_000, 3_000_000])
def test_a_full_disk_leaves_the_old_one_serving(tmp_path: Path, room: int) -> None:
    directory = IndexDirectory(tmp_path)
    directory.publish(1, [pdq(PHOTOS)])
    said, _ = run(FULL_DISK, tmp_path, room).communicate(timeout=60)
    assert "version 2 could not be written" in said
    assert "the one before keeps serving; make room" in said
    assert found(IndexDirectory(tmp_path)) == set(range(8))
    assert len(list(tmp_path.iterdir())) == 3, "something was left behind"


KILLED = """
values = like_photos(5_000, 2)
print("ready", flush=True)
for version in range(2, 1_000_000):
    if version % 3:
        directory.amend(version, [pdq(values[:50])], [], since=version - 1)
    else:
        directory.publish(version, [pdq(values, 100)])
"""


@pytest.mark.parametrize("after", [0.0, 0.013, 0.031, 0.077, 0.149])
def test_a_writer_killed_at_any_moment_leaves_a_whole_one(tmp_path: Path, after: float) -> None:
    directory = IndexDirectory(tmp_path)
    directory.publish(1, [pdq(PHOTOS, 10_000)])
    with run(KILLED, tmp_path) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(after)
        writer.send_signal(signal.SIGKILL)
    index = IndexDirectory(tmp_path).current()
    assert index is not None
    index.verify()
    again = directory.publish(index.version, [pdq(PHOTOS)])
    assert found(directory) == set(range(8))
    directory.publish(again.version + 1, [pdq(PHOTOS)])
    assert len(list(tmp_path.iterdir())) == 4, "the killed writer's leftovers stay"


PUBLISHER = """
for version in range(int(sys.argv[2]), 40, 2):
    try:
        index = directory.publish(version, [pdq(like_photos(8, 1), version * 100)])
        assert index.version == version
        print("published", version)
    except StaleVersionError as refused:
        assert refused.current > version
        print("refused", version)
"""

READER = """
values = like_photos(8, 1)
seen, last = set(), -1
while last < 39:
    index = directory.current()
    keys = index.near(values).key
    assert len(keys) == 8 and set(keys // 100) == {index.version}, "half of a snapshot"
    assert index.version >= last, "went back"
    last = index.version
    seen.add(last)
print(len(seen))
"""


def test_two_publishers_and_readers_at_once(tmp_path: Path) -> None:
    IndexDirectory(tmp_path).publish(0, [pdq(PHOTOS, 0)])
    readers = [run(READER, tmp_path) for _ in range(2)]
    writers = [run(PUBLISHER, tmp_path, first) for first in (2, 1)]
    said = [process.communicate(timeout=120)[0] for process in writers + readers]
    assert [process.returncode for process in writers + readers] == [0] * 4
    assert "published 39" in said[1]
    assert sum("published" in line for text in said[:2] for line in text.splitlines()) > 5
    index = IndexDirectory(tmp_path).current()
    assert index is not None
    assert index.version == 39
    assert len(list(tmp_path.glob("*.snapshot"))) == 2


FORKED = """
import os, warnings
warnings.simplefilter("ignore")
index = directory.publish(1, [pdq(like_photos(5_000, 1))])
queries = like_photos(5_000, 1)
assert len(index.near(queries, threads=2)) >= 5_000
child = os.fork()
if child == 0:
    os._exit(0 if len(index.near(queries, threads=2)) >= 5_000 else 1)
print(os.waitpid(child, 0)[1])
"""


def test_a_forked_worker_searches_too(tmp_path: Path) -> None:
    said, _ = run(FORKED, tmp_path).communicate(timeout=60)
    assert said.strip() == "0"


def test_rows_and_blocks_may_be_mixed(tmp_path: Path) -> None:
    mixed: list[Row | Block] = [*rows(PDQ, [bytes(v) for v in PHOTOS[:2]]), pdq(PHOTOS[2:5], 2)]
    index = IndexDirectory(tmp_path).publish(1, mixed)
    assert keys_of(index.near(PHOTOS)) == {0, 1, 2, 3, 4}
