"""Where the snapshots of one host live, and how one takes over from another."""

import fcntl
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from matching.fingerprint import Algorithm
from matching.index.errors import SnapshotError, StaleVersionError
from matching.index.index import Index
from matching.index.rows import Block, Columns, Row, gather


class IndexDirectory:
    """The snapshots under one folder: one writer at a time, any number of readers."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._opening = threading.Lock()
        self._open: tuple[str, Index] | None = None

    def current(self) -> Index | None:
        """The newest index, None before the first. Opened only when it changed: ask each time."""
        with self._opening:
            name = self._pointed()
            if name is None:
                return None
            if self._open is None or self._open[0] != name:
                self._open = (name, self._read(name))
            return self._open[1]

    def publish(self, version: int, rows: Iterable[Row | Block]) -> Index:
        """Write a whole new snapshot of the list at `version` and let readers switch to it.

        The same version again is a rebuild and allowed; an older one than the current raises
        StaleVersionError. On any failure the old snapshot keeps serving.
        """
        with self._writing() as current:
            if current and version < current.version:
                raise StaleVersionError(
                    f"{self.path}: version {version} is older than version {current.version}, "
                    "which is being served; build again from the newest list",
                    current=current.version,
                )
            return self._write(version, gather(rows))

    def amend(
        self, version: int, added: Iterable[Row | Block], removed_keys: Iterable[int], *, since: int
    ) -> Index:
        """Change the list: `removed_keys` stop matching, `added` can be matched, at once.

        `since` is the version this change is relative to; if another one is current, or
        `version` is not newer, raises StaleVersionError. What is added under a key replaces all
        that stood under it.
        """
        with self._writing() as current:
            if current is None:
                raise SnapshotError(f"{self.path}: nothing to amend; publish a snapshot first")
            if current.version != since or version <= since:
                raise StaleVersionError(
                    f"{self.path}: version {version} amends version {since}, but version "
                    f"{current.version} is being served; publish from the newest list",
                    current=current.version,
                )
            new = gather(added)
            gone = np.concatenate(
                [np.fromiter(removed_keys, np.int64)] + [b.keys for b in new.values()]
            )
            columns: Columns = {}
            for algorithm, block in current._columns.items():
                keep = ~np.isin(block.keys, gone)
                columns[algorithm] = Block(
                    algorithm,
                    np.concatenate([block.keys[keep], new[algorithm].keys]),
                    np.concatenate([block.values[keep], new[algorithm].values]),
                )
            return self._write(version, columns)

    def _pointed(self) -> str | None:
        try:
            return (self.path / "current").read_text().strip()
        except FileNotFoundError:
            return None

    def _read(self, name: str) -> Index:
        file = self.path / name
        try:
            with np.load(file, allow_pickle=False) as data:
                columns = {a: Block(a, data[f"{a}.keys"], data[f"{a}.values"]) for a in Algorithm}
                version, built_at = int(data["version"]), float(data["built_at"])
        except (OSError, ValueError, KeyError) as error:
            raise SnapshotError(f"{file}: not a snapshot of this format; publish again") from error
        at = datetime.fromtimestamp(built_at, UTC)
        return Index(columns, version=version, built_at=at, set_aside=0)

    def _write(self, version: int, columns: Columns) -> Index:
        name = f"{version:020d}-{os.urandom(4).hex()}.npz"
        arrays = {f"{a}.keys": b.keys for a, b in columns.items()}
        arrays |= {f"{a}.values": b.values for a, b in columns.items()}
        now = datetime.now(UTC).timestamp()
        np.savez(self.path / name, version=version, built_at=now, **arrays)
        pointer = self.path / "current.tmp"
        pointer.write_text(name + "\n")
        pointer.replace(self.path / "current")
        index = self.current()
        assert index is not None  # noqa: S101
        return index

    @contextmanager
    def _writing(self) -> Iterator[Index | None]:
        with (self.path / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield self.current()
