"""Only regular files are read, each once, and nothing of them stays behind."""

import hashlib
import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from matching.reading import (
    Deadline,
    Unreadable,
    digests,
    digests_of_stream,
    open_regular,
    read_all,
)


def _refusal(path: Path) -> str:
    with pytest.raises(Unreadable) as caught:
        open_regular(path)
    return caught.value.reason


def test_fifo_without_a_writer_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert _refusal(tmp_path / "pipe.jpg") == "not a regular file"


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/tty"])
def test_device_is_not_read(device: str) -> None:
    reason = _refusal(Path(device))
    assert reason == "not a regular file" or "cannot be opened" in reason


def test_folder_missing_file_and_dangling_link(tmp_path: Path) -> None:
    (tmp_path / "link.jpg").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")
    assert _refusal(tmp_path) == "a folder, not a file"
    assert _refusal(tmp_path / "missing.jpg") == "no such file"
    assert _refusal(tmp_path / "link.jpg") == "no such file"
    assert _refusal(tmp_path / "loop.jpg").startswith("cannot be opened")


@pytest.fixture
def unreadable(tmp_path: Path) -> Iterator[Path]:
    """A file that we may not read. Root may read every file, so be nobody for a while."""
    path = tmp_path / "a.jpg"
    path.write_bytes(b"x")
    path.chmod(0)
    before = os.geteuid()
    os.seteuid(before or 65534)
    yield path
    os.seteuid(before)


def test_no_permission(unreadable: Path) -> None:
    assert _refusal(unreadable) == "no permission to read it"


def test_no_permission_as_the_system_says_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same for those who run the tests as root: the refusal comes from open itself."""

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert _refusal(tmp_path / "a.jpg") == "no permission to read it"


def test_too_long_and_empty() -> None:
    assert read_all(io.BytesIO(b"12345"), 5) == b"12345"
    with pytest.raises(Unreadable, match="larger than 4 bytes"):
        read_all(io.BytesIO(b"12345"), 4)
    with pytest.raises(Unreadable, match="empty"):
        read_all(io.BytesIO(b""), 4)


def test_digests_are_of_the_bytes() -> None:
    data = b"some bytes" * 300_000
    assert digests(data).md5.hex == hashlib.md5(data).hexdigest()  # noqa: S324 - copies, not secrecy
    assert digests(data).sha1.hex == hashlib.sha1(data).hexdigest()  # noqa: S324
    assert digests_of_stream(io.BytesIO(data), Deadline(60)) == digests(data)


def test_time_is_up() -> None:
    deadline = Deadline(0)
    with pytest.raises(Unreadable, match="took longer than 0 seconds"):
        digests_of_stream(io.BytesIO(bytes(9)), deadline)


def test_disk_error_is_a_reason() -> None:
    class Broken(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, _buffer: object) -> int:
            raise OSError(5, "Input/output error")

    with pytest.raises(Unreadable, match="cannot be read: Input/output error"):
        read_all(io.BufferedReader(Broken()), 10)
    with pytest.raises(Unreadable, match="cannot be read: Input/output error"):
        digests_of_stream(io.BufferedReader(Broken()), Deadline(60))
