"""The file: refused where it is cut short, foreign or changed, and never a crash."""

import os
import random
import shutil
import struct
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.index import SnapshotError, snapshot
from matching.index.degenerate import degenerate
from matching.index.index import Index
from matching.index.kernels import TABLES
from matching.index.rows import gather
from matching.index.segment import Segment, write_segment
from matching.index.snapshot import Snapshot, SnapshotWriter
from matching.index.tabulate import SCANNED
from tests.matching.index.lists import (
    MD5,
    PDQ,
    digest,
    flipped,
    like_photos,
    listed,
    near_duplicates,
    pdq,
    rows,
)

VALUES = near_duplicates(SCANNED + 1_000, 50, 1)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole file with tables, digests and keys set aside."""
    path = tmp_path_factory.mktemp("good") / "good.snapshot"
    md5 = rows(MD5, [digest(MD5, bytes([n])) for n in range(20)], 10_000)
    write_segment(path, gather([pdq(VALUES), *md5]), np.arange(3), version=7)
    return path


def changed(good: Path, tmp_path: Path, place: int, value: int) -> Path:
    """A copy with one byte set."""
    path = tmp_path / "changed.snapshot"
    shutil.copyfile(good, path)
    with path.open("r+b") as file:
        file.seek(place)
        file.write(bytes([value]))
    return path


def test_what_was_written_is_read(good: Path) -> None:
    assert not degenerate(PDQ, VALUES).any()
    segment = Segment(good)
    segment.verify()
    assert (segment.version, segment.count, len(segment.aside)) == (7, len(VALUES) + 20, 3)
    assert segment.built_at.utcoffset() is not None
    columns = segment.columns()
    assert (columns[PDQ].values == VALUES).all()
    assert {bytes(value) for value in columns[MD5].values} == {
        digest(MD5, bytes([n])) for n in range(20)
    }


def test_nobody_else_may_read_it(good: Path) -> None:
    assert good.stat().st_mode & 0o777 == 0o600


def test_the_search_cannot_write_to_it(good: Path) -> None:
    array = Snapshot(good).array("pdq.keys", "<i8", (-1,))
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1


@given(cut=st.floats(0, 1, exclude_max=True))
@settings(max_examples=60, deadline=None)
def test_cut_short_at_any_byte_it_is_refused(
    good: Path, tmp_path_factory: pytest.TempPathFactory, cut: float
) -> None:
    path = tmp_path_factory.mktemp("cut") / "cut.snapshot"
    shutil.copyfile(good, path)
    size = good.stat().st_size
    for length in {int(size * cut), int(8_200 * cut), size - 1, 0}:
        os.truncate(path, length)
        with pytest.raises(SnapshotError, match=r"cut\.snapshot .* publish the index again"):
            Segment(path)


def test_made_longer_it_is_refused(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "long.snapshot"
    path.write_bytes(good.read_bytes() + b"\0")
    with pytest.raises(SnapshotError, match="was written with"):
        Segment(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x",
        b"\x93NUMPY" + bytes(20_000),
        b"\x80\x04\x95pickled" * 5_000,
        random.randbytes(9_999),
    ],
    ids=["empty", "a byte", "numpy's", "a pickle", "noise"],
)
def test_a_foreign_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "foreign"
    path.write_bytes(content)
    with pytest.raises(SnapshotError, match=r"foreign is (not|too short to be) a snapshot"):
        Segment(path)


def test_another_format_is_refused_by_number(good: Path, tmp_path: Path) -> None:
    path = changed(good, tmp_path, 8, snapshot.FORMAT + 1)
    with pytest.raises(SnapshotError, match="has format 2, this program reads format 1"):
        Segment(path)


def test_a_folder_and_a_missing_file_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="cannot be read"):
        Segment(tmp_path)
    with pytest.raises(FileNotFoundError):
        Segment(tmp_path / "none")


def test_a_snapshot_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "else.snapshot"
    with SnapshotWriter(path, {"other": ("<u8", (2,))}) as writer:
        writer.put("other", np.zeros(2, np.uint64))
        writer.finish({"version": 1})
    with pytest.raises(SnapshotError, match="lacks facts"):
        Segment(path)
    with pytest.raises(SnapshotError, match=r"no readable section pdq\.keys"):
        Snapshot(path).array("pdq.keys", "<i8", (-1,))
    with pytest.raises(SnapshotError, match="another kind of section"):
        Snapshot(path).array("other", "<i8", (-1,))
    with pytest.raises(SnapshotError, match="another size"):
        Snapshot(path).array("other", "<u8", (3,))


@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), in_header=st.booleans())
@settings(max_examples=80, deadline=None)
def test_one_changed_bit_anywhere_is_found(
    good: Path,
    tmp_path_factory: pytest.TempPathFactory,
    where: float,
    bit: int,
    in_header: bool,
) -> None:
    """Refused on opening, or found by `verify`; a search before that does not crash."""
    content = good.read_bytes()
    place = int(where * (2_000 if in_header else len(content)))
    path = changed(good, tmp_path_factory.mktemp("bit"), place, content[place] ^ (1 << bit))
    try:
        segment = Segment(path)
    except SnapshotError:
        return
    with suppress(SnapshotError):
        Index(segment).near(VALUES[:50], 31)
    with pytest.raises(SnapshotError, match="was changed after it was written"):
        segment.verify()


@pytest.mark.parametrize("section", ["pdq.starts", "pdq.rows"])
@pytest.mark.parametrize("noise", [0xFF, 0x7F, None])
def test_tables_full_of_nonsense_are_an_error_and_not_a_crash(
    good: Path, tmp_path: Path, section: str, noise: int | None
) -> None:
    """Every place the search is told to go to is checked, whatever the file says."""
    dtype, shape, offset, _ = Snapshot(good)._sections[section]
    length = int(np.prod(shape)) * np.dtype(dtype).itemsize
    path = tmp_path / "nonsense.snapshot"
    shutil.copyfile(good, path)
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(random.randbytes(length) if noise is None else bytes([noise]) * length)
    with pytest.raises(SnapshotError, match="tables are damaged; publish again"):
        Index(Segment(path)).near(VALUES[:200], 31)


def test_nexts_full_of_nonsense_give_no_match_that_is_not_one(good: Path, tmp_path: Path) -> None:
    _, shape, offset, _ = Snapshot(good)._sections["pdq.nexts"]
    path = tmp_path / "nonsense.snapshot"
    shutil.copyfile(good, path)
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(random.randbytes(2 * shape[0]))
    whole = listed(Index(Segment(good)).near(VALUES[:50], 31))
    assert set(listed(Index(Segment(path)).near(VALUES[:50], 31))) <= set(whole)


def test_a_section_that_was_not_filled_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "part.snapshot"
    with (
        pytest.raises(ValueError, match="not what was declared"),
        SnapshotWriter(path, {"keys": ("<i8", (3,))}) as writer,
    ):
        writer.put("keys", np.zeros(2, np.int64))
        writer.finish({})
    assert not path.exists()


def test_the_tables_hold_every_row_once_in_each(good: Path) -> None:
    file = Snapshot(good)
    table_rows = file.array("pdq.rows", "<u4", (-1,)).reshape(TABLES, -1)
    assert (np.sort(table_rows, axis=1) == np.arange(len(VALUES))).all()


def test_messages_show_no_value(tmp_path: Path) -> None:
    """Each repr and error of the package that a value could reach."""
    values = like_photos(2, 1)
    hidden = [values[0].tobytes().hex()[:8], str(values[0, 0]) + ", " + str(values[0, 1])]
    path = tmp_path / "a.snapshot"
    write_segment(path, gather([pdq(values)]), np.arange(0), version=1)
    index = Index(Segment(path))
    shown = [
        pdq(values),
        rows(PDQ, [values[0].tobytes()])[0],
        index,
        index.base,
        index.base.tables,
    ]
    shown.append(index.near(flipped(values, 3, 1)))
    for thing in shown:
        for secret in hidden:
            assert secret not in repr(thing)
            assert secret not in str(thing)


def test_the_header_is_what_the_description_says(good: Path) -> None:
    magic, version, length = struct.unpack("<8sII", good.read_bytes()[:16])
    assert (magic, version) == (b"TDINDEX\n", 1)
    assert length < 8_192 - 20
