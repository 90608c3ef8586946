"""Opening a file of media without being led astray by it: regular files only, opened once.

The bytes are read, fingerprinted and forgotten: no temporary file, nothing of them in an error.
"""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import BinaryIO

from matching.fingerprint import Algorithm, Fingerprint

CHUNK = 1 << 20


class Unreadable(Exception):
    """The file gives no fingerprint. `reason` is for people and never holds bytes of the file."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Digests:
    """Fingerprints of the exact bytes."""

    md5: Fingerprint
    sha1: Fingerprint


class Deadline:
    """The moment at which a file has had its time."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = monotonic() + seconds

    def check(self) -> None:
        """Raise Unreadable once the time is over."""
        if monotonic() > self._end:
            raise Unreadable(f"took longer than {self._seconds:g} seconds")


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading, unbuffered.

    Raises Unreadable for whatever else stands at the path. A FIFO without a writer would block
    for ever: O_NONBLOCK returns at once, and the question is asked of the open file, not of the
    path, so that nothing can be exchanged in between.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except FileNotFoundError:
        raise Unreadable("no such file") from None
    except PermissionError:
        raise Unreadable("no permission to read it") from None
    except OSError as error:
        raise Unreadable(f"cannot be opened: {error.strerror}") from None
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise Unreadable("a folder, not a file" if stat.S_ISDIR(mode) else "not a regular file")
    return os.fdopen(descriptor, "rb", buffering=0)


def read_all(source: BinaryIO, max_bytes: int) -> bytes:
    """The whole source in memory; Unreadable if it is empty or longer than `max_bytes`."""
    parts: list[bytes] = []
    left = max_bytes + 1
    try:
        while left > 0 and (part := source.read(left)):
            parts.append(part)
            left -= len(part)
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}") from None
    if left <= 0:
        raise Unreadable(f"larger than {max_bytes:,} bytes")
    if not parts:
        raise Unreadable("empty")
    return parts[0] if len(parts) == 1 else b"".join(parts)


def digests(data: bytes) -> Digests:
    """MD5 and SHA-1 of bytes in memory. They identify copies; they protect nothing."""
    return Digests(
        md5=Fingerprint(Algorithm.MD5, hashlib.md5(data, usedforsecurity=False).digest()),
        sha1=Fingerprint(Algorithm.SHA1, hashlib.sha1(data, usedforsecurity=False).digest()),
    )


def digests_of_stream(source: BinaryIO, deadline: Deadline) -> Digests:
    """MD5 and SHA-1 of a source of any length, read once, a piece at a time."""
    md5 = hashlib.md5(usedforsecurity=False)
    sha1 = hashlib.sha1(usedforsecurity=False)
    try:
        while piece := source.read(CHUNK):
            md5.update(piece)
            sha1.update(piece)
            deadline.check()
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}") from None
    return Digests(
        md5=Fingerprint(Algorithm.MD5, md5.digest()),
        sha1=Fingerprint(Algorithm.SHA1, sha1.digest()),
    )
