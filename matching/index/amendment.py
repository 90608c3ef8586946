"""Changing a list without building it again: what a delta beside the base says."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matching.index.degenerate import degenerate
from matching.index.index import Index
from matching.index.rows import Block, Columns
from matching.index.segment import Delta, write_segment


def separate(columns: Columns) -> tuple[Columns, NDArray[np.int64]]:
    """The rows that can be matched, and the keys of the degenerate ones."""
    kept: Columns = {}
    aside = []
    for algorithm, block in columns.items():
        plain = degenerate(algorithm, block.values)
        aside.append(block.keys[plain])
        if plain.any():
            block = Block(algorithm, block.keys[~plain], block.values[~plain])
        kept[algorithm] = block
    return kept, np.concatenate(aside)


def amend(
    path: Path, index: Index, added: Columns, removed: NDArray[np.int64], version: int
) -> None:
    """Write the delta that takes the index's base to `version`: its own delta and this change.

    What is added under a key replaces all that stood under it. Raises OSError.
    """
    gone = np.unique(np.concatenate([removed, *(block.keys for block in added.values())]))
    columns, aside = separate(added)
    hidden = gone
    if index.delta is not None:
        earlier = index.delta.columns()
        columns = {a: _appended(earlier[a], gone, block) for a, block in columns.items()}
        aside = np.concatenate([index.delta.aside[~_among(index.delta.aside, gone)], aside])
        hidden = np.union1d(gone, index.delta.hidden)
    counted, apart = index.base.keys(), index.base.aside
    counted, apart = counted[_among(counted, hidden)], apart[_among(apart, hidden)]
    delta = Delta(
        base=index.base.name,
        hidden=np.unique(np.concatenate([counted, apart])),
        hidden_count=len(counted),
        hidden_aside=len(apart),
    )
    write_segment(path, columns, aside, version=version, delta=delta)


def _appended(earlier: Block, gone: NDArray[np.int64], later: Block) -> Block:
    kept = ~_among(earlier.keys, gone)
    return Block(
        later.algorithm,
        np.concatenate([earlier.keys[kept], later.keys]),
        np.concatenate([earlier.values[kept], later.values]),
    )


def _among(keys: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of `keys` are in `wanted`, which is ascending: quick where it is short."""
    if len(wanted) == 0:
        return np.zeros(len(keys), np.bool_)
    places = np.minimum(np.searchsorted(wanted, keys), len(wanted) - 1)
    found: NDArray[np.bool_] = wanted[places] == keys
    return found
