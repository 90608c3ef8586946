"""Real files, read page by page, changed meanwhile, and files that are no list."""

import json
import logging
import os
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from exchange.errors import Refused, Unavailable
from exchange.file_list import FileListClient
from exchange.file_list import client as file_client
from exchange.file_list.client import PAGE_SIZE
from exchange.file_list.lines import read_lines
from exchange.file_list.opening import MAX_SIZE
from exchange.records import Checkpoint, EntryRecord, Outcome, Page, Problem, Vote
from matching.fingerprint import Algorithm
from tests.exchange.file_list.conftest import Read
from tests.exchange.ncmec.records import START, later, made_up

HEADER = "id,algorithm,value"
GOOD = made_up(Algorithm.PDQ, "good").hex


def row(name: object) -> str:
    return f"{name},pdq,{made_up(Algorithm.PDQ, name).hex}"


def write(path: Path, *rows: str) -> None:
    path.write_text("\n".join((HEADER, *rows)) + "\n")


def held(pages: list[Page]) -> dict[str, EntryRecord]:
    return {one.entry_id: one for page in pages for one in page.entries}


def problems(pages: list[Page]) -> list[Problem]:
    return [one for page in pages for one in page.problems]


def names(count: int) -> set[str]:
    return {f"{number}:pdq" for number in range(count)}


# --- reading


def test_a_long_file_is_read_in_pages(path: Path, read: Read) -> None:
    count = 2 * PAGE_SIZE + 5
    write(path, *map(row, range(count)))
    pages = read(None, START)
    assert [len(page.entries) for page in pages] == [PAGE_SIZE - 1, PAGE_SIZE, 6]
    assert set(held(pages)) == names(count)
    assert [page.gone_before for page in pages] == [None, None, START]


def test_a_file_whose_last_line_ends_a_page_ends_with_an_empty_one(path: Path, read: Read) -> None:
    write(path, *map(row, range(PAGE_SIZE - 1)))
    pages = read(None, START)
    assert [(len(page.entries), page.gone_before) for page in pages] == [
        (PAGE_SIZE - 1, None),
        (0, START),
    ]


def test_an_unchanged_file_is_not_read_again(path: Path, read: Read) -> None:
    write(path, row(1))
    (first,) = read(None, START)
    (again,) = read(first.checkpoint, later(60))
    assert (again.entries, again.gone_before, again.checkpoint) == ((), None, first.checkpoint)
    os.utime(path, (1, 1))
    (touched,) = read(again.checkpoint, later(120))
    assert (touched.entries, touched.gone_before) == ((), None)
    assert touched.checkpoint != again.checkpoint, "its new time is known from now on"


def test_a_changed_file_is_read_whole_and_takes_off_what_it_no_longer_names(
    path: Path, read: Read
) -> None:
    write(path, row(1), row(2))
    (first,) = read(None, START)
    write(path, row(2), row(3))
    (second,) = read(first.checkpoint, later(60))
    assert set(held([second])) == {"2:pdq", "3:pdq"}
    assert second.gone_before == later(60)
    assert held([first])["1:pdq"].timestamp == START < second.gone_before
    assert held([second])["2:pdq"].timestamp == second.gone_before


def test_two_readings_are_told_apart_whatever_the_clock_does(path: Path, read: Read) -> None:
    write(path, row(1))
    (first,) = read(None, START)
    write(path, row(2))
    (second,) = read(first.checkpoint, START - timedelta(hours=1))
    assert second.gone_before == later(1)


def test_a_file_that_changes_between_pages_is_begun_anew(path: Path, read: Read) -> None:
    write(path, *map(row, range(PAGE_SIZE + 9)))
    with FileListClient(path.as_uri(), "") as client:
        first = client.fetch(None, START)
    write(path, row("new"), *map(row, range(PAGE_SIZE + 9)))
    pages = read(first.checkpoint, later(60))
    assert set(held(pages)) == names(PAGE_SIZE + 9) | {"new:pdq"}
    assert pages[-1].gone_before == later(60)


def test_a_file_that_is_written_while_it_is_read_is_left_for_later(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(path, row(1))
    calls = iter(range(10))

    def writes_meanwhile(*given: object) -> object:
        if next(calls) == 1:
            with path.open("a") as file:
                file.write(row(2))
        return read_lines(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(file_client, "read_lines", writes_meanwhile)
    with FileListClient(path.as_uri(), "") as client:
        with pytest.raises(Unavailable, match="being written"):
            client.fetch(None, START)
        assert set(held([client.fetch(None, START)])) == {"1:pdq", "2:pdq"}


def test_json_lines_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "list.jsonl"
    lines = [
        {"id": 7, "algorithm": "PDQ", "value": GOOD.upper(), "kind": "video"},
        {"id": "b", "algorithm": "md5", "withdrawn": True},
    ]
    path.write_text("\n\n".join(map(json.dumps, lines)))
    with FileListClient(path.as_uri(), "") as client:
        assert client.whoami().name == "list.jsonl"
        first, second = client.fetch(None, START).entries
    assert (first.entry_id, first.kind, first.fingerprints[0].hex) == ("7:pdq", "video", GOOD)
    assert (second.entry_id, second.withdrawn, second.fingerprints) == ("b:md5", True, ())


def test_what_spreadsheets_write_is_read(path: Path, read: Read) -> None:
    text = f'\ufeffValue , Algorithm,ID,Classification\r\n{GOOD},pdq,1,"A1, ""old"""\r\n\r\n'
    path.write_bytes(text.encode())
    (one,) = held(read(None, START)).values()
    assert (one.entry_id, one.classification) == ("1:pdq", 'A1, "old"')


def test_a_bad_line_costs_itself_and_is_named_by_its_number(path: Path, read: Read) -> None:
    long = "x" * 100_000
    write(path, row(1), "2,pdq", "", f"{long},pdq,{GOOD}", row(3), row(1), "4,pdq,zz", row(5))
    with path.open("ab") as file:
        file.write(b"6,pdq,\xff\n")
    pages = read(None, START)
    assert set(held(pages)) == {"1:pdq", "3:pdq", "5:pdq"}
    found = [(one.what.partition(":")[0], one.entry_id) for one in problems(pages)]
    assert sorted(found) == [
        ("line 10", None),
        ("line 3", None),
        ("line 5", None),
        ("line 7", "1:pdq"),
        ("line 8", None),
    ]


def test_one_picture_may_have_a_line_for_each_algorithm(path: Path, read: Read) -> None:
    digest = made_up(Algorithm.MD5, 1).hex
    write(path, row(1), f"1,md5,{digest}")
    assert set(held(read(None, START))) == {"1:pdq", "1:md5"}


def test_memory_does_not_grow_with_the_file_or_a_line(path: Path) -> None:
    with path.open("w") as file:
        file.write(f"{HEADER}\n")
        file.write("x" * 20_000_000 + "\n")
        file.writelines(f"{row(number)}\n" for number in range(2 * PAGE_SIZE))
    with FileListClient(path.as_uri(), "") as client:
        tracemalloc.start()
        page = client.fetch(None, START)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert page.more
    assert peak < 4_000_000


# --- what is no list


def fifo(path: Path) -> None:
    os.mkfifo(path)


def linked(path: Path) -> None:
    write(path.with_name("other.csv"), row(1))
    path.symlink_to(path.with_name("other.csv"))


def open_to_all(path: Path) -> None:
    write(path, row(1))
    path.chmod(0o666)


def too_large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(MAX_SIZE + 1)


def headless(path: Path) -> None:
    path.write_text(row(1))


@pytest.mark.parametrize(
    ("make", "kind", "why"),
    [
        (lambda _path: None, Unavailable, "not there"),
        (lambda path: path.write_bytes(b""), Unavailable, "empty"),
        (lambda path: path.mkdir(), Refused, "regular"),
        (fifo, Refused, "regular"),
        (linked, Refused, "symbolic link"),
        (open_to_all, Refused, "chmod"),
        (too_large, Refused, "larger"),
        (headless, Refused, "first line must name the columns"),
        (lambda path: path.write_text("id,algorithm\n"), Refused, "first line"),
        (lambda path: path.write_text("id,value,algorithm,secret\n"), Refused, "first line"),
        (lambda path: path.write_text("id,id,value,algorithm\n"), Refused, "first line"),
        (lambda path: path.write_text('"id\n'), Refused, "first line"),
        (lambda path: path.write_bytes(b"\xff\n"), Refused, "first line"),
        (lambda path: path.write_text("\n\nid,algorithm,value\n"), Refused, "first line"),
    ],
)
def test_what_is_no_list_is_not_read(
    path: Path, make: Callable[[Path], object], kind: type[Exception], why: str
) -> None:
    make(path)
    with FileListClient(path.as_uri(), "") as client:
        for ask in (client.whoami, lambda: client.fetch(None, START)):
            with pytest.raises(kind, match=why) as caught:
                ask()
            assert made_up(Algorithm.PDQ, 1).hex not in str(caught.value)


def test_a_folder_behind_a_link_is_no_way_in(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    write(real / "list.csv", row(1))
    (tmp_path / "alias").symlink_to(real)
    with (
        FileListClient((tmp_path / "alias" / "list.csv").as_uri(), "") as client,
        pytest.raises(Refused, match="symbolic link"),
    ):
        client.fetch(None, START)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "/srv/list.csv",
        "https://host.example/list.csv",
        "file://host.example/list.csv",
        "file:list.csv",
        "file:///etc/passwd",
        "file:///srv/list.csv?x",
        "file:///srv/list.csv#x",
        "file:///srv/../etc/list.csv",
        "file:///srv/%2e%2e/etc/list.csv",
        "file:///srv/a%00.csv",
        "file:///srv/%ff.csv",
        "file://[/srv/a.csv",
    ],
)
def test_an_address_that_cannot_be_right_is_refused(address: str) -> None:
    with pytest.raises(Refused, match="file list"):
        FileListClient(address, "")


def test_member_ids_have_no_meaning_here() -> None:
    with pytest.raises(Refused, match="member"):
        FileListClient("file:///srv/list.csv", "", member_ids={"1"})


@pytest.mark.parametrize(
    "foreign",
    [
        {},
        {"stamp": ["x"], "digest": "d", "began": "2026-03-01T12:00:00Z", "offset": 0, "line": 0},
        {"stamp": [1], "digest": "d", "began": "soon", "offset": 0, "line": 0},
        {"stamp": [1], "digest": "", "began": "2026-03-01T12:00:00Z", "offset": 0, "line": 0},
        {"stamp": [1], "digest": "d", "began": "2026-03-01T12:00:00Z", "offset": "0", "line": 0},
        [],
        "x",
    ],
)
def test_a_foreign_checkpoint_is_refused(path: Path, read: Read, foreign: Checkpoint) -> None:
    write(path, row(1))
    with pytest.raises(Refused, match="checkpoint"):
        read(foreign, START)


def test_neither_logs_nor_problems_show_a_fingerprint_in_whatever_column(
    path: Path, read: Read, caplog: pytest.LogCaptureFixture
) -> None:
    value = made_up(Algorithm.PDQ, 1).hex
    columns = f"{HEADER},kind,classification,withdrawn"
    swapped = [
        ",".join(value if at == place else cell for at, cell in enumerate(cells))
        for place in range(6)
        for cells in (("1", "pdq", "", "", "", ""), ("2", "pdq", value[:60], "image", "", "true"))
    ]
    path.write_text("\n".join([columns, *swapped, f'"{value}']))
    with caplog.at_level(logging.DEBUG):
        pages = read(None, START)
        said = [repr(pages), caplog.text, repr([page.checkpoint for page in pages])]
        with FileListClient(path.as_uri(), "") as client, pytest.raises(Refused) as caught:
            client.report(Outcome("file", "1", Algorithm.PDQ, Vote.AFFIRMATIVE))
        said += [repr(client), str(caught.value)]
    assert len(problems(pages)) == 11
    assert value[:32] not in "".join(said)
