"""Photo or video: the content decides, and nothing of a file is left behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from matching.media import PhotoFingerprints, Unreadable, VideoFingerprints, fingerprint_file
from tests.matching.films import film
from tests.matching.pictures import drawn, encoded, photo

CANARY = b"CANARY-7f3c9a-do-not-keep"
PROJECT = Path(__file__).parents[2]


def _saved(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_content_decides_not_the_name(tmp_path: Path) -> None:
    photo_named_film = _saved(tmp_path, "a.mp4", encoded(photo(), "JPEG"))
    film_named_photo = _saved(tmp_path, "b.jpg", film([drawn(1)]))
    nameless = _saved(tmp_path, "c", encoded(photo(), "HEIF"))
    assert isinstance(fingerprint_file(photo_named_film), PhotoFingerprints)
    assert isinstance(fingerprint_file(film_named_photo), VideoFingerprints)
    assert isinstance(fingerprint_file(nameless), PhotoFingerprints)


def test_animation_is_a_photo(tmp_path: Path) -> None:
    frames = [drawn(1), drawn(2)]
    animation = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert isinstance(fingerprint_file(_saved(tmp_path, "a.gif", animation)), PhotoFingerprints)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"text that calls itself a picture", "neither a picture nor a video"),
        (b"\0" * 4096, "neither a picture nor a video"),
        (bytes(range(256)) * 64, "neither a picture nor a video"),
        (b"#!/bin/sh\necho hello\n", "neither a picture nor a video"),
        (b"%PDF-1.7\n", "neither a picture nor a video"),
        (b"PK\x03\x04" + bytes(200), "neither a picture nor a video"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "neither a picture nor a video"),
    ],
)
def test_what_is_not_media(tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        fingerprint_file(_saved(tmp_path, "holiday.jpg", data))


def test_fifo_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jpg")
    with pytest.raises(Unreadable, match="not a regular file"):
        fingerprint_file(tmp_path / "a.jpg")


READER = """
import sys, traceback
from pathlib import Path

def watch(event, arguments):
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wxa+"):
        print("WROTE", arguments[0])

from matching.media import Unreadable, fingerprint_file

sys.addaudithook(watch)
for name in sys.argv[1:]:
    try:
        fingerprint_file(Path(name))
        print("READ")
    except Unreadable:
        traceback.print_exc(file=sys.stdout)
"""


LEAK = """
with open("left-behind", "wb") as file:
    file.write(Path(sys.argv[1]).read_bytes())
raise SystemExit(str(Path(sys.argv[1]).read_bytes()))
"""


def _left_behind(tmp_path: Path, program: str, files: dict[str, bytes]) -> list[str]:
    """Where something of the files stays after a process of its own has run the program."""
    media, elsewhere = tmp_path / "media", tmp_path / "elsewhere"
    media.mkdir()
    elsewhere.mkdir()
    paths = [_saved(media, name, data) for name, data in files.items()]
    result = subprocess.run(
        [sys.executable, "-c", program, *map(str, paths)],
        cwd=elsewhere,
        env={**os.environ, "TMPDIR": str(elsewhere), "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        check=False,
    )
    assert result.stdout.count(b"READ\n") == 2
    assert result.stdout.count(b"Unreadable: ") == 3
    places = [f"file {path.name}" for path in elsewhere.iterdir()]
    if b"WROTE" in result.stdout:
        places.append("opened for writing")
    if CANARY in result.stdout + result.stderr:
        places.append("output")
    return places


def _files() -> dict[str, bytes]:
    picture = encoded(photo(), "JPEG", comment=CANARY)
    moving = film([drawn(1)])
    return {
        "cut.jpg": picture[: len(picture) // 2],
        "whole.jpg": picture,
        "text.jpg": CANARY * 100,
        "film.mp4": moving + CANARY,
        "cut.mp4": moving[:500] + CANARY,
    }


def test_nothing_of_a_file_stays_behind(tmp_path: Path) -> None:
    """No temporary file, and no bytes in what a failure prints."""
    assert _left_behind(tmp_path, READER, _files()) == []


def test_a_planted_leak_is_seen(tmp_path: Path) -> None:
    """The twin: a copy on disk and bytes in a message."""
    assert _left_behind(tmp_path, READER + LEAK, _files()) == [
        "file left-behind",
        "opened for writing",
        "output",
    ]
