"""What one snapshot file holds: a whole list (a base), or what changed since one (a delta)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching.fingerprint import Algorithm
from matching.index.digests import PREFIX, Digests
from matching.index.errors import SnapshotError
from matching.index.matches import Matches
from matching.index.rows import Block, Columns
from matching.index.snapshot import Snapshot, SnapshotWriter
from matching.index.tables import Tables
from matching.index.tabulate import build_tables, table_sizes

DIGESTS = (Algorithm.MD5, Algorithm.SHA1)
TABLES = {"pdq.starts": "<u4", "pdq.rows": "<u4", "pdq.nexts": "<u2"}
"""Sections of the tables in the order of `table_sizes` and `build_tables`, and their dtypes."""


class Segment:
    """One mapped snapshot file, checked on opening. Raises SnapshotError, FileNotFoundError."""

    def __init__(self, path: Path) -> None:
        self._snapshot = snapshot = Snapshot(path)
        self.name = path.name
        facts = snapshot.facts
        try:
            self.version = int(facts["version"])
            self.built_at = datetime.fromisoformat(facts["built_at"]).astimezone(UTC)
            self.base = None if facts["base"] is None else str(facts["base"])
            self.hidden_count = int(facts["hidden_count"])
            self.hidden_aside = int(facts["hidden_aside"])
            count = int(facts["pdq"])
        except (KeyError, TypeError, ValueError) as error:
            raise SnapshotError(f"{path} lacks facts in its header; publish again") from error
        starts, rows, nexts = table_sizes(count)
        self.tables = Tables(
            origin=str(path),
            values=snapshot.array("pdq.values", "<u8", (count, 4)),
            keys=snapshot.array("pdq.keys", "<i8", (count,)),
            starts=snapshot.array("pdq.starts", "<u4", starts),
            rows=snapshot.array("pdq.rows", "<u4", rows),
            nexts=snapshot.array("pdq.nexts", "<u2", nexts),
        )
        self._digests = {}
        for algorithm in DIGESTS:
            prefix = snapshot.array(f"{algorithm}.prefix", "<u8", (-1,))
            rest = (len(prefix), algorithm.size - PREFIX)
            self._digests[algorithm] = Digests(
                prefix=prefix,
                rest=snapshot.array(f"{algorithm}.rest", "|u1", rest),
                keys=snapshot.array(f"{algorithm}.keys", "<i8", (len(prefix),)),
            )
        self.aside: NDArray[np.int64] = snapshot.array("aside.keys", "<i8", (-1,))
        """Keys of what was set aside as degenerate."""
        self.hidden: NDArray[np.int64] = snapshot.array("hidden.keys", "<i8", (-1,))
        """Keys that no longer count in the base, ascending; empty in a base."""

    @property
    def count(self) -> int:
        """How many fingerprints can be matched in this file."""
        return len(self.tables.keys) + sum(len(d.keys) for d in self._digests.values())

    def near(self, values: NDArray[np.uint8], radius: int, threads: int) -> Matches:
        """See Index.near."""
        return self.tables.near(values, radius, threads)

    def equal(self, algorithm: Algorithm, values: Sequence[bytes]) -> Matches:
        """See Index.equal; for MD5 and SHA-1."""
        return self._digests[algorithm].equal(values)

    def keys(self) -> NDArray[np.int64]:
        """The keys of all that can be matched."""
        return np.concatenate([self.tables.keys, *(d.keys for d in self._digests.values())])

    def columns(self) -> Columns:
        """All that can be matched, as it was put in, in another order."""
        pdq = self.tables.values.view(np.uint8).reshape(-1, Algorithm.PDQ.size)
        columns = {Algorithm.PDQ: Block(Algorithm.PDQ, self.tables.keys, pdq)}
        for algorithm, digests in self._digests.items():
            columns[algorithm] = Block(algorithm, digests.keys, digests.values())
        return columns

    def verify(self) -> None:
        """Read the whole file against its checksums. Raises SnapshotError."""
        self._snapshot.verify()


@dataclass(frozen=True, slots=True, eq=False)
class Delta:
    """What a delta says of its base: the base's file, and which of its keys no longer count."""

    base: str
    hidden: NDArray[np.int64]
    """Ascending; all of them are in the base."""
    hidden_count: int
    """How many fingerprints of the base that could be matched they stand for."""
    hidden_aside: int
    """How many that were set aside."""


def write_segment(
    path: Path,
    columns: Columns,
    aside: NDArray[np.int64],
    *,
    version: int,
    delta: Delta | None = None,
) -> None:
    """Write a file that `Segment` opens: a base, or a delta. Raises OSError and leaves no file."""
    pdq = columns[Algorithm.PDQ]
    content: dict[str, NDArray[Any]] = {
        "pdq.values": pdq.values.reshape(-1).view("<u8").reshape(-1, 4),
        "pdq.keys": pdq.keys,
        "aside.keys": aside,
        "hidden.keys": delta.hidden if delta else aside[:0],
    }
    for algorithm in DIGESTS:
        digests = Digests.sorted(columns[algorithm].keys, columns[algorithm].values)
        content[f"{algorithm}.prefix"] = digests.prefix
        content[f"{algorithm}.rest"] = digests.rest
        content[f"{algorithm}.keys"] = digests.keys
    facts = {
        "version": version,
        "built_at": datetime.now(UTC).isoformat(),
        "pdq": len(pdq.keys),
        "base": delta.base if delta else None,
        "hidden_count": delta.hidden_count if delta else 0,
        "hidden_aside": delta.hidden_aside if delta else 0,
    }
    shapes: dict[str, tuple[str, tuple[int, ...]]] = {
        name: (array.dtype.str, array.shape) for name, array in content.items()
    }
    for name, shape in zip(TABLES, table_sizes(len(pdq.keys)), strict=True):
        shapes[name] = (TABLES[name], shape)
    with SnapshotWriter(path, shapes) as writer:
        for name, array in content.items():
            writer.put(name, array)
        for pieces in build_tables(pdq.values):
            for name, piece in zip(TABLES, pieces, strict=True):  # in this order
                writer.put(name, piece)
        writer.finish(facts)
