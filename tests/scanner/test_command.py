"""The command as people run it: a process of its own, real files, a console over HTTP."""

import io
import json
import os
import pty
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from matching.photo import fingerprint_photo
from tests.matching.films import film
from tests.matching.pictures import PHOTOS, drawn, encoded, flat, photo
from tests.scanner.command import Scan
from tests.scanner.console import Console
from tests.scanner.files import endless_jpeg, pictures

CANARY = b"CANARY-52bd11-do-not-keep"


def test_ends_with_the_counts(scan: Scan, console: Console, media: Path) -> None:
    for name in PHOTOS:
        (media / name).write_bytes(encoded(photo(name), "PNG"))
    (media / "copies").mkdir()
    copy = photo("coffee.png").resize((300, 200)).quantize(64)
    (media / "copies" / "coffee").write_bytes(encoded(copy, "PNG"))
    (media / "film.mp4").write_bytes(film([photo("coffee.png").resize((320, 214)), drawn(3)]))
    (media / "plain.png").write_bytes(encoded(flat(), "PNG"))
    (media / "cut.jpg").write_bytes(encoded(photo(), "JPEG")[:5_000])
    (media / "notes.jpg").write_bytes(b"just text")
    (media / ".hidden").write_bytes(b"x")
    os.mkfifo(media / "pipe.png")
    listed = fingerprint_photo(io.BytesIO(encoded(photo("coffee.png"), "PNG")))
    console.listed = [listed.pdq]
    console.pending_rounds = 1

    ended = scan(media, "--prefix", "cdn/", "--surface", "profile", "--uploader", "u-1")

    assert ended.code == 0, ended.err
    assert ended.count("fingerprinted") == 11
    assert ended.count("sent") == 11
    assert ended.count("matched") == 3
    assert ended.count("too plain to match") == 1
    assert ended.count("unreadable") == 3
    assert ended.count("already done") == 0
    assert ended.count("left out") == 1
    assert "notes.jpg: neither a picture nor a video" in ended.out
    assert "cut.jpg: truncated: the file ends before the picture does" in ended.out
    assert "pipe.png: not a regular file" in ended.out
    assert "cdn/copies/coffee" in console.items
    moving = console.items["cdn/film.mp4"]
    assert moving["kind"] == "video"
    assert moving["context"] == {"surface": "profile", "uploader": "u-1"}
    assert [one.get("at") for one in moving["fingerprints"]] == [0.0, 2.0, None, None]


def test_again_skips_what_is_done_until_it_changes(
    scan: Scan, console: Console, media: Path
) -> None:
    pictures(media, 5)
    assert scan(media).count("sent") == 5
    again = scan(media)
    assert (again.code, again.count("already done"), again.count("sent")) == (0, 5, 0)
    (media / "002.png").write_bytes(encoded(drawn(99), "PNG"))
    changed = scan(media)
    assert (changed.count("already done"), changed.count("sent")) == (4, 1)
    assert console.batches[-1] == ["002.png"]


@pytest.mark.parametrize(
    ("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -9)]
)
def test_interrupted_and_started_again(
    scan: Scan, console: Console, media: Path, how: signal.Signals, code: int
) -> None:
    (media / "000-endless.jpg").write_bytes(endless_jpeg())
    pictures(media, 12)
    process = scan.start(media)
    _wait_for(lambda: bool(console.batches), process)
    process.send_signal(how)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == code
    if how is not signal.SIGKILL:
        assert "12  sent" in out
    (media / "000-endless.jpg").unlink()
    (media / "new.png").write_bytes(encoded(drawn(77), "PNG"))
    again = scan(media)
    assert again.code == 0
    assert again.count("already done") + again.count("sent") == 13
    if how is not signal.SIGKILL:
        assert again.count("sent") == 1
    assert len(console.items) == 13


def _wait_for(what: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    ends = time.monotonic() + 60
    while not what():
        assert process.poll() is None, "the scan ended by itself"
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_no_process_survives_an_interruption(scan: Scan, console: Console, media: Path) -> None:
    (media / "000-endless.jpg").write_bytes(endless_jpeg())
    pictures(media, 3)
    process = scan.start(media)
    _wait_for(lambda: bool(console.batches), process)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert len(children) == 2
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)


def test_rejected_item_is_named_and_tried_again(scan: Scan, console: Console, media: Path) -> None:
    pictures(media, 3)
    console.refused_ids["001.png"] = "uploader unknown"
    ended = scan(media)
    assert ended.code == 1
    assert "001.png: uploader unknown" in ended.out
    assert (ended.count("sent"), ended.count("rejected by the console")) == (2, 1)
    console.refused_ids.clear()
    assert scan(media).count("sent") == 1


def test_console_that_is_down_and_comes_back(scan: Scan, console: Console, media: Path) -> None:
    pictures(media, 3)
    console.troubles = [(503, {})] * 3
    ended = scan(media)
    assert (ended.code, ended.count("sent")) == (0, 3)


def test_console_that_stays_down(scan: Scan, console: Console, media: Path) -> None:
    pictures(media, 3)
    console.troubles = [(503, {})] * 1_000
    ended = scan(media, "--patience", "0.5")
    assert ended.code == 1
    assert (ended.count("sent"), ended.count("not sent")) == (0, 3)
    assert "503" in ended.err
    console.troubles = []
    assert scan(media).count("sent") == 3


def test_wrong_key(scan: Scan, console: Console, media: Path) -> None:
    pictures(media, 1)
    ended = scan(media, environment={"CONSOLE_API_KEY": "wrong-key-9"})
    assert ended.code == 1
    assert "credentials" in ended.err
    assert "wrong-key-9" not in ended.out + ended.err


def test_key_that_may_not_ask_for_matches(scan: Scan, console: Console, media: Path) -> None:
    """Everything was sent, so the scan is done; that matches were not counted is said."""
    pictures(media, 1)
    console.on_batch = lambda: console.troubles.append((403, {}))
    ended = scan(media)
    assert ended.code == 0
    assert ended.count("sent") == 1
    assert "–  matched: not asked" in ended.out
    assert "matches were not counted" in ended.err
    assert "403" in ended.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--key", ""], "credentials"),
        (["--console", "http://console.example.org"], "https"),
        (["--console", "ftp://x"], "https"),
        (["--state", "/dev/null/state"], "cannot hold the state"),
        (["--max-pixels", "0"], "--max-pixels"),
        (["/does/not/exist"], "/does/not/exist"),
    ],
)
def test_what_cannot_work_says_why(
    scan: Scan, media: Path, arguments: list[str], said: str
) -> None:
    pictures(media, 1)
    ended = scan(media, *arguments)
    assert ended.code in (1, 2)
    assert said in ended.err
    assert "Traceback" not in ended.err


def test_nothing_to_scan_and_nothing_readable(scan: Scan, media: Path) -> None:
    empty = scan(media)
    assert (empty.code, "no file to scan" in empty.err) == (1, True)
    (media / "a.jpg").write_bytes(b"text")
    unreadable = scan(media)
    assert (unreadable.code, unreadable.count("unreadable")) == (1, 1)


def test_bomb_and_hang_are_counted_lines(scan: Scan, media: Path) -> None:
    pictures(media, 4)
    (media / "bomb.png").write_bytes(encoded(drawn(1).resize((3_000, 3_000)), "PNG"))
    (media / "hang.jpg").write_bytes(endless_jpeg())
    ended = scan(media, "--max-pixels", "5000000", "--max-seconds", "1")
    assert ended.code == 0
    assert "bomb.png: has 3000 x 3000 pixels, more than 5,000,000" in ended.out
    assert "hang.jpg: took longer than 1 seconds" in ended.out
    assert (ended.count("sent"), ended.count("unreadable")) == (4, 2)


def test_names_cannot_play_with_the_terminal(scan: Scan, media: Path) -> None:
    (media / "a\n\x1b[2Jb.jpg").write_bytes(b"text")
    (media / "[red]c.jpg").write_bytes(b"text")
    ended = scan(media)
    assert "a\\n\\x1b[2Jb.jpg: neither" in ended.out
    assert "[red]c.jpg: neither" in ended.out
    assert "\x1b" not in ended.out


def test_bar_on_a_terminal(scan: Scan, media: Path) -> None:
    pictures(media, 4)
    (media / "text.jpg").write_bytes(b"text")
    ours, theirs = pty.openpty()
    process = scan.start(media, "--wait", "0", stdout=theirs, environment={"TERM": "xterm"})
    os.close(theirs)
    shown = b""
    while piece := _read(ours):
        shown += piece
    assert process.wait(30) == 0
    assert b"/5" in shown
    assert "━".encode() in shown
    assert b"4  sent" in shown


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # Linux says so when the other side has closed
        return b""


def _found(places: list[bytes], secrets: list[bytes]) -> bool:
    """Whether one of the secrets stands in one of the places, as it is or in hex."""
    forms = [*secrets, *(secret.hex().encode() for secret in secrets)]
    return any(form in place for place in places for form in forms)


def test_only_fingerprints_leave_and_none_stay(
    scan: Scan, console: Console, media: Path, tmp_path: Path
) -> None:
    picture = encoded(photo(), "JPEG", comment=CANARY)
    (media / "whole.jpg").write_bytes(picture)
    (media / "cut.jpg").write_bytes(picture[: len(picture) // 2])
    (media / "text.jpg").write_bytes(CANARY)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    places = dict.fromkeys(("TMPDIR", "HOME", "DATA_DIR"), str(elsewhere))
    ended = scan(media, environment=places)

    values = [one["value"] for one in console.items["whole.jpg"]["fingerprints"]]
    assert len(values) == 4
    pixels = [CANARY, picture[200:264]]
    prints = [bytes.fromhex(value) for value in values]
    ours = [path for path in tmp_path.rglob("*") if path.is_file() and media not in path.parents]
    kept = [path.read_bytes() for path in ours]
    assert kept
    said = [ended.out.encode(), ended.err.encode()]
    assert not _found(kept + said, pixels + prints)
    assert not _found(console.bodies, pixels)
    assert _found(console.bodies, prints), "the search itself has to find what is there"
    sent = json.loads(console.bodies[0])["items"][0]
    assert set(sent) == {"id", "kind", "fingerprints", "context"}
