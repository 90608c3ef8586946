"""Where the snapshots of one host live, and how one takes over from another.

    current                          a symbolic link to the newest snapshot file
    <version>-<random>.snapshot      a base, or a delta that names its base
    <…>.snapshot.new                 being written; a leftover is removed by the next writer
    lock                             held by the one that writes

A file is written whole and flushed to the disk before `current` is replaced by a link to it, so
a reader sees the old list or the new one, and a writer that fails or is killed at any point leaves
the old one. Where the link leads is all that a reader asks each time, in one call to the system.
What was current before stays until the next change but one.
"""

import fcntl
import os
import re
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from matching.index.amendment import amend, separate
from matching.index.errors import SnapshotError, StaleVersionError
from matching.index.index import Index
from matching.index.rows import Block, Row, gather
from matching.index.segment import Segment, write_segment

_NAME = re.compile(r"(?P<version>\d{20})-[0-9a-f]{16}\.snapshot")
_ATTEMPTS = 10
"""Times to follow `current` again when a file it named is gone: each means two new versions."""


class IndexDirectory:
    """The snapshots under one folder: one writer at a time, any number of readers.

    Fingerprints are secrets: the folder and its files are for their owner only.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._pointer = str(path / "current")
        self._opening = threading.Lock()
        self._opened: Index | None = None

    def current(self) -> Index | None:
        """The newest index, None before the first. Opened only when it changed: ask each time.

        Raises SnapshotError where the newest cannot be read.
        """
        with self._opening:
            for _ in range(_ATTEMPTS):
                name = self._pointed()
                if name is None:
                    return None
                if self._opened is None or self._opened.name != name:
                    try:
                        self._opened = self._open(name)
                    except FileNotFoundError:
                        if self._pointed() == name:
                            raise SnapshotError(
                                f"{self.path / name} or its base is gone; publish again"
                            ) from None
                        continue
                return self._opened
        raise SnapshotError(f"{self.path}: snapshots change faster than they can be opened")

    def publish(self, version: int, rows: Iterable[Row | Block]) -> Index:
        """Write a whole new snapshot of the list at `version`; readers switch to it.

        The same version again is a rebuild and allowed, also of one that cannot be read any
        more; one older than the current raises StaleVersionError. Waits while another writes.
        On any failure the old snapshot keeps serving; SnapshotError says why it was.
        """
        with self._writing() as served:
            if served is not None and version < served:
                raise StaleVersionError(
                    f"{self.path}: version {version} is older than version {served}, which is "
                    "being served; build again from the newest list",
                    current=served,
                )
            columns, aside = separate(gather(rows))
            return self._replace(
                version, lambda path: write_segment(path, columns, aside, version=version)
            )

    def amend(
        self,
        version: int,
        added: Iterable[Row | Block],
        removed_keys: Iterable[int],
        *,
        since: int,
    ) -> Index:
        """Change the list: `removed_keys` stop matching, `added` can be matched, at once.

        `since` is the version that this change is relative to. If another one is current, or
        `version` is not newer, raises StaleVersionError, because a change before it was missed.
        What is added under a key replaces all that stood under it. Failures as for `publish`.

        Costs time and space in proportion to all changes since the last `publish`.
        """
        with self._writing() as served:
            if served is None:
                raise SnapshotError(f"{self.path}: nothing to amend; publish a snapshot first")
            if served != since or version <= since:
                raise StaleVersionError(
                    f"{self.path}: this amends version {since} to {version}, but version {served} "
                    "is being served; publish the newest list",
                    current=served,
                )
            index = self.current()
            if index is None:
                raise SnapshotError(f"{self.path}: the snapshots were removed; publish again")
            change = gather(added)
            removed = np.fromiter(removed_keys, np.int64)
            return self._replace(version, lambda path: amend(path, index, change, removed, version))

    def verify(self) -> None:
        """Read all of the current snapshot against its checksums (2 GB a second).

        Raises SnapshotError where it is damaged, and from then on it serves nobody: there is no
        current one until the next is published.
        """
        index = self.current()
        if index is None:
            return
        try:
            index.verify()
        except SnapshotError:
            with self._writing():
                if self._pointed_or_none() == index.name:
                    Path(self._pointer).unlink()
            raise

    def _pointed(self) -> str | None:
        """The name that `current` leads to, None before the first."""
        try:
            name = os.readlink(self._pointer)  # noqa: PTH115 - asked at each upload, and a third of the time
        except FileNotFoundError:
            return None
        except OSError:  # it is no link
            name = ""
        if not _NAME.fullmatch(name):
            raise SnapshotError(f"{self._pointer} leads to no snapshot; publish again")
        return name

    def _open(self, name: str) -> Index:
        """Open a snapshot and its base, which is kept open where it stays the same."""
        newest = Segment(self.path / name)
        if newest.base is None:
            return Index(newest)
        if self._opened is not None and self._opened.base.name == newest.base:
            return Index(self._opened.base, newest)
        return Index(Segment(self.path / newest.base), newest)

    @contextmanager
    def _writing(self) -> Iterator[int | None]:
        """Hold the lock; gives the version that is being served, read from its name alone."""
        with (self.path / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for leftover in self.path.glob("*.new"):
                leftover.unlink()
            name = self._pointed_or_none()
            match = _NAME.fullmatch(name) if name else None
            yield int(match["version"]) if match else None

    def _replace(self, version: int, write: Callable[[Path], None]) -> Index:
        """Write a snapshot under a new name and make it the current one."""
        name = f"{version:020d}-{secrets.token_hex(8)}.snapshot"
        unfinished = self.path / f"{name}.new"
        pointer = self.path / "current.new"
        before = self._in_use()
        with self._explained(version):
            try:
                write(unfinished)
                unfinished.rename(self.path / name)
                self._open(name)
                pointer.symlink_to(name)
                pointer.replace(self._pointer)
            finally:
                if self._pointed_or_none() != name:
                    for path in (unfinished, pointer, self.path / name):
                        path.unlink(missing_ok=True)
            _flush(self.path)
        index = self.current()
        if index is None or index.name != name:
            raise SnapshotError(f"{self.path}: somebody else writes here without the lock")
        self._clean(before | {segment.name for segment in index.segments()})
        return index

    @contextmanager
    def _explained(self, version: int) -> Iterator[None]:
        """Say of an error of the disk which snapshot it cost, and that the one before serves."""
        try:
            yield
        except OSError as error:
            raise SnapshotError(
                f"{self.path}: version {version} could not be written ({error.strerror}); "
                "the one before keeps serving; make room or mend the disk and try again"
            ) from error

    def _pointed_or_none(self) -> str | None:
        """The name in `current`, None also where it is not one: any snapshot may replace that."""
        try:
            return self._pointed()
        except SnapshotError:
            return None

    def _in_use(self) -> set[str]:
        try:
            index = self.current()
        except SnapshotError:
            return set()
        return {segment.name for segment in index.segments()} if index else set()

    def _clean(self, kept: set[str]) -> None:
        """Remove superseded files. Who has one open keeps it; who was about to opens a newer."""
        for path in self.path.glob("*.snapshot"):
            if path.name not in kept:
                path.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
