"""Which files may be read as a list, and opening one.

An address comes from whoever may add sources, and that need not be whoever runs this host. So what
is not plainly a list is refused, and no message shows anything of a file but line numbers.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from urllib.parse import unquote, urlsplit

from exchange.errors import ExchangeError, Refused, Unavailable
from exchange.file_list.place import Stamp

SUFFIXES = (".csv", ".jsonl")
MAX_SIZE = 1024 * 1024 * 1024
"""Bytes: some ten million lines."""


def path_of(address: str) -> Path:
    """The path in `file:///srv/lists/name.csv`. Raises Refused for any other address."""
    try:
        url = urlsplit(address.strip())
        path = Path(unquote(url.path, errors="strict"))
    except ValueError:
        raise Refused("file list: the address cannot be read; give file:///folder/name") from None
    local = url.scheme == "file" and url.netloc in ("", "localhost")
    if not local or url.query or url.fragment or not path.is_absolute():
        raise Refused("file list: the address must be written as file:///folder/name.csv")
    if path.suffix.lower() not in SUFFIXES or "\0" in str(path) or ".." in path.parts:
        raise Refused(f"file list: the file's name must end in {' or '.join(SUFFIXES)}")
    return path


@contextmanager
def opened(path: Path) -> Iterator[BufferedReader]:
    """The file, open for reading.

    Raises Refused for what may not be read as a list, Unavailable for what may come to be there.
    """
    where = f"file list {path}"
    try:
        if os.path.realpath(path) != str(path):
            raise Refused(f"{where}: it lies behind a symbolic link; give its real path")
        # Without waiting: a pipe would, for whoever writes to it.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        raise Unavailable(f"{where}: it is not there, on this host at least") from None
    except PermissionError:
        raise Refused(f"{where}: the user that the workers run as may not read it") from None
    except OSError as error:
        raise Unavailable(f"{where}: it cannot be opened: {error.strerror}") from None
    try:
        _check(os.fstat(descriptor), where)
    except ExchangeError:
        os.close(descriptor)
        raise
    with os.fdopen(descriptor, "rb") as file:
        try:
            yield file
        except OSError as error:
            raise Unavailable(f"{where}: it cannot be read: {error.strerror}") from None


def stamp_of(file: BufferedReader) -> Stamp:
    """What tells at a glance whether the file is the same as before."""
    facts = os.fstat(file.fileno())
    return (facts.st_mtime_ns, facts.st_size, facts.st_ino)


def digest_of(file: BufferedReader) -> str:
    """The SHA-256 of the file, hex. Leaves it at its end."""
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()


def _check(facts: os.stat_result, where: str) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise Refused(f"{where}: it is not a regular file")
    if facts.st_mode & stat.S_IWOTH:
        raise Refused(f"{where}: every user of this host may change it; chmod o-w")
    if facts.st_size > MAX_SIZE:
        raise Refused(f"{where}: it is larger than {MAX_SIZE} bytes; divide it")
    if facts.st_size == 0:
        raise Unavailable(f"{where}: it is empty; is it still being written?")
