"""Several processes, each of which may die on a file without harm to the others."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from matching.limits import MediaLimits
from scanner.pool import Pool, StartError
from scanner.process import Failed, Fingerprinted
from scanner.walk import Found, walk
from tests.matching.films import film
from tests.matching.pictures import drawn, encoded, flat
from tests.scanner.files import endless_jpeg, pictures


def _results(pool: Pool, files: Iterator[Found]) -> Iterator[Fingerprinted | Failed]:
    return (result for result in pool.results(files) if result is not None)


def _files(folder: Path) -> Iterator[Found]:
    return (seen for seen in walk([folder]) if isinstance(seen, Found))


def _children() -> list[int]:
    """Process ids of the fingerprinting processes that this process has started."""
    task = Path(f"/proc/self/task/{os.getpid()}/children")
    return [
        int(pid)
        for pid in task.read_text().split()
        if b"scanner.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


def _at_the_endless_file(media: Path, pool: Pool) -> tuple[int, Iterator[Fingerprinted | Failed]]:
    """The only process's id, once it has been given the file that takes it half a minute."""
    pictures(media, 3)
    (media / "endless.jpg").write_bytes(endless_jpeg())
    results = _results(pool, _files(media))
    for _ in range(3):
        next(results)
    (pid,) = _children()
    return pid, results


def test_every_file_has_one_result(media: Path) -> None:
    pictures(media, 9)
    (media / "film.mp4").write_bytes(film([drawn(1), drawn(2)]))
    (media / "plain.png").write_bytes(encoded(flat(), "PNG"))
    (media / "text.jpg").write_bytes(b"text")
    os.mkfifo(media / "pipe.jpg")
    with Pool(2, MediaLimits()) as pool:
        results = {one.found.id: one for one in _results(pool, _files(media))}
    assert len(results) == 13
    photo, moving, plain = results["000.png"], results["film.mp4"], results["plain.png"]
    assert isinstance(photo, Fingerprinted)
    assert photo.kind == "image"
    assert [one["algorithm"] for one in photo.fingerprints] == ["pdq", "pdq", "md5", "sha1"]
    assert isinstance(moving, Fingerprinted)
    assert moving.kind == "video"
    assert [one.get("at") for one in moving.fingerprints] == [0.0, 2.0, None, None]
    assert isinstance(plain, Fingerprinted)
    assert plain.too_plain
    assert results["text.jpg"] == Failed(results["text.jpg"].found, "neither a picture nor a video")
    assert results["pipe.jpg"] == Failed(results["pipe.jpg"].found, "not a regular file")


def test_fewer_files_than_processes_and_none_at_all(media: Path) -> None:
    with Pool(3, MediaLimits()) as pool:
        assert list(_results(pool, iter([]))) == []
    pictures(media, 1)
    with Pool(3, MediaLimits()) as pool:
        assert len(list(_results(pool, _files(media)))) == 1


def test_decoder_that_hangs_costs_its_file(media: Path) -> None:
    """No clock is looked at inside the decoder: the system ends the process."""
    pictures(media, 6)
    (media / "001-endless.jpg").write_bytes(endless_jpeg())
    started = time.monotonic()
    with Pool(1, MediaLimits(max_seconds=0.5)) as pool:
        results = list(_results(pool, _files(media)))
    assert time.monotonic() - started < 15
    failed = [one for one in results if isinstance(one, Failed)]
    assert [(one.found.id, one.reason) for one in failed] == [
        ("001-endless.jpg", "took longer than 0.5 seconds")
    ]
    assert len(results) == 7


@pytest.mark.parametrize(
    ("death", "reason"),
    [
        (signal.SIGSEGV, "the decoder crashed on it (SIGSEGV)"),
        (signal.SIGABRT, "the decoder crashed on it (SIGABRT)"),
        (signal.SIGKILL, "the process that read it was killed; was there too little memory?"),
    ],
)
def test_process_that_dies_costs_its_file(media: Path, death: signal.Signals, reason: str) -> None:
    (media / "zzz.png").write_bytes(encoded(drawn(9), "PNG"))
    with Pool(1, MediaLimits()) as pool:
        pid, results = _at_the_endless_file(media, pool)
        os.kill(pid, death)
        rest = list(results)
        assert not Path(f"/proc/{pid}").exists()
    (failed,) = [one for one in rest if isinstance(one, Failed)]
    assert (failed.found.id, failed.reason) == ("endless.jpg", reason)
    assert [one.found.id for one in rest] == ["endless.jpg", "zzz.png"]


def test_process_that_dies_idle_is_replaced(media: Path) -> None:
    """No file is to blame for it, but one may be named: the next run does it."""
    pictures(media, 6)
    with Pool(2, MediaLimits()) as pool:
        results = _results(pool, _files(media))
        first = next(results)
        for pid in _children():
            os.kill(pid, signal.SIGKILL)
        rest = list(results)
    assert len({one.found.id for one in [first, *rest]}) == 6
    assert sum(isinstance(one, Failed) for one in rest) <= 2


def test_no_process_is_left_behind(media: Path) -> None:
    main = threading.main_thread().ident
    assert main
    with pytest.raises(KeyboardInterrupt), Pool(1, MediaLimits()) as pool:
        _, results = _at_the_endless_file(media, pool)
        threading.Timer(0.2, signal.pthread_kill, (main, signal.SIGINT)).start()
        list(results)
    assert _children() == []


def test_processes_that_do_not_start_are_no_files_fault(
    media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures(media, 1)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with Pool(2, MediaLimits()) as pool, pytest.raises(StartError, match="do not start"):
        list(_results(pool, _files(media)))


def test_crash_leaves_no_core_and_memory_is_bounded(media: Path) -> None:
    with Pool(1, MediaLimits()) as pool:
        pid, _ = _at_the_endless_file(media, pool)
        text = Path(f"/proc/{pid}/limits").read_text()
    limits = {line[:25].strip(): line[25:].split() for line in text.splitlines()}
    assert limits["Max core file size"][0] in ("0", "1")
    assert int(limits["Max data size"][0]) <= 4 << 30


def test_file_in_the_working_folder_is_not_imported(
    media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures(media, 1)
    (media / "json.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(media)
    with Pool(1, MediaLimits()) as pool:
        assert len(list(_results(pool, _files(media)))) == 2
