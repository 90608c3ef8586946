"""The snapshot file: a header and named arrays, mapped read-only. No pickle.

    0   magic           8 bytes
    8   format          uint32, FORMAT
    12  header length   uint32
    16  header CRC-32   uint32
    20  header          JSON: {"size", "facts", "sections": {name: [dtype, shape, offset, CRC-32]}}
    8192  sections      little-endian, each padded with zeros to a multiple of 64 bytes

Opening checks the header by its checksum and the file's size against the header, which shows a
file cut short at any byte, a foreign one and one of another format, in well under a millisecond
at any size. It does not read the sections: a hundred megabytes take longer to check than the
first thousand searches. A changed byte inside them can cost a match but not the process, because
the search checks every place it is told to go to; `verify` reads all and finds it.

What nothing can defend is a file cut short while it is mapped: the system ends the process. Only
this package writes here, it never changes a file that has its name, and a file that is removed
stays whole for those who have it open.
"""

import json
import math
import mmap
import os
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching.index.errors import SnapshotError

MAGIC = b"TDINDEX\n"
FORMAT = 1
_START = struct.Struct("<8sIII")
_HEADER_END = 8192
_ALIGNMENT = 64
_DTYPES = frozenset({"|u1", "<u2", "<u4", "<u8", "<i8"})
_WRITE = 1 << 26
"""Bytes handed to the system at once; it takes less than 2 GB."""

Shapes = Mapping[str, tuple[str, tuple[int, ...]]]
"""Sections to be written: name -> (dtype, shape)."""


class SnapshotWriter:
    """Writes one file: declare the sections, put their content piece by piece, finish.

    Used as a context; a file that was not finished is removed. Raises OSError.
    """

    def __init__(self, path: Path, shapes: Shapes) -> None:
        self.path = path
        self._shapes = shapes
        self._offsets: dict[str, int] = {}
        self._written = dict.fromkeys(shapes, 0)
        self._checksums = dict.fromkeys(shapes, 0)
        self._size = _HEADER_END
        for name, (dtype, shape) in shapes.items():
            self._offsets[name] = self._size
            length = np.dtype(dtype).itemsize * math.prod(shape)
            self._size += -(-length // _ALIGNMENT) * _ALIGNMENT
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._finished = False

    def put(self, name: str, piece: NDArray[Any]) -> None:
        """Append to a section; pieces of different sections may alternate."""
        dtype, _ = self._shapes[name]
        content = np.ascontiguousarray(piece, dtype=dtype).reshape(-1).view(np.uint8).data
        self._checksums[name] = zlib.crc32(content, self._checksums[name])
        _write(self._file, content, self._offsets[name] + self._written[name])
        self._written[name] += len(content)

    def finish(self, facts: Mapping[str, Any]) -> None:
        """Write the header with `facts` (JSON) and wait until all is on the disk."""
        sections = {}
        for name, (dtype, shape) in self._shapes.items():
            if self._written[name] != np.dtype(dtype).itemsize * math.prod(shape):
                raise ValueError(f"section {name} is not what was declared")
            padding = bytes(-self._written[name] % _ALIGNMENT)
            checksum = zlib.crc32(padding, self._checksums[name])
            sections[name] = [dtype, list(shape), self._offsets[name], checksum]
        header = {"size": self._size, "facts": dict(facts), "sections": sections}
        text = json.dumps(header, separators=(",", ":")).encode()
        if _START.size + len(text) > _HEADER_END:
            raise ValueError(f"the header does not fit in {_HEADER_END} bytes")
        os.truncate(self._file, self._size)
        start = _START.pack(MAGIC, FORMAT, len(text), zlib.crc32(text))
        _write(self._file, memoryview(start + text), 0)
        os.fsync(self._file)
        self._finished = True

    def __enter__(self) -> "SnapshotWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        os.close(self._file)
        if not self._finished:
            self.path.unlink()


def _write(file: int, content: memoryview, offset: int) -> None:
    while content:
        written = os.pwrite(file, content[:_WRITE], offset)
        content, offset = content[written:], offset + written


class Snapshot:
    """An open snapshot file. Its arrays are views of the file, shared by all who map it."""

    def __init__(self, path: Path) -> None:
        """Open and check header and size. Raises SnapshotError, FileNotFoundError."""
        self.path = path
        try:
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if size < _HEADER_END:
                    raise self._refusal("is too short to be a snapshot")
                self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise self._refusal(f"cannot be read ({error.strerror})") from error
        header = self._header()
        try:
            self.facts: Mapping[str, Any] = dict(header["facts"])
            self._sections = dict(header["sections"])
            promised = header["size"]
        except (KeyError, TypeError, ValueError) as error:
            raise self._refusal("has a header of another kind") from error
        if promised != len(self._bytes):
            raise self._refusal(f"has {len(self._bytes)} bytes and was written with {promised}")

    def array(self, name: str, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
        """A section, which must be of this dtype and shape; -1 in `shape` stands for any size.

        Raises SnapshotError where it is not, or not inside the file.
        """
        try:
            kind, actual, offset, _ = self._sections[name]
            if kind not in _DTYPES or kind != dtype or len(actual) != len(shape):
                raise self._refusal(f"has another kind of section {name}")
            if any(wanted not in (-1, size) for size, wanted in zip(actual, shape, strict=True)):
                raise self._refusal(f"has a section {name} of another size")
            if offset % _ALIGNMENT or min(offset, *actual) < 0:
                raise self._refusal(f"has section {name} at a wrong place")
            array = np.frombuffer(self._bytes, kind, math.prod(actual), offset)
            return array.reshape(actual)
        except (KeyError, TypeError, ValueError) as error:
            raise self._refusal(f"has no readable section {name}") from error

    def verify(self) -> None:
        """Read all of the file against its checksums. Raises SnapshotError."""
        end = _START.size + _START.unpack_from(self._bytes)[2]
        if any(self._bytes[end:_HEADER_END]):
            raise self._refusal("was changed after it was written (in the header)")
        for name, (dtype, shape, offset, checksum) in self._sections.items():
            length = self.array(name, dtype, tuple(shape)).nbytes
            padded = memoryview(self._bytes)[offset : offset - (-length // _ALIGNMENT) * _ALIGNMENT]
            if zlib.crc32(padded) != checksum:
                raise self._refusal(f"was changed after it was written (section {name})")

    def _header(self) -> Any:
        magic, version, length, checksum = _START.unpack_from(self._bytes)
        if magic != MAGIC:
            raise self._refusal("is not a snapshot")
        if version != FORMAT:
            raise self._refusal(f"has format {version}, this program reads format {FORMAT}")
        text = self._bytes[_START.size : _START.size + length]
        if len(text) != length or zlib.crc32(text) != checksum:
            raise self._refusal("has a damaged header")
        return json.loads(text)

    def _refusal(self, what: str) -> SnapshotError:
        return SnapshotError(f"{self.path} {what}; publish the index again")
