"""Figure 1: one query at a time among a million PDQ values, against threatexchange's PDQIndex.

Both run on one thread, each in its own process, on the same values and queries: 25 at each
distance from 0 to 40 of a value on the list. Both answers are held against a plain scan.
"""

import os
import pickle
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.figure import Figure
from benchmarks.lists import Found, altered, pictures, scan
from benchmarks.process import apart, busy, memory, private_memory, seconds
from matching.fingerprint import Algorithm
from matching.index import Block, Index, IndexDirectory, Matches, Row

COUNT = 1_000_000
EACH = 25
RADIUS = 31
SHARED = Path("/dev/shm")  # noqa: S108 only as a disk that is memory


@dataclass(frozen=True, slots=True)
class Built:
    """What building took. `in_memory` and `by_row` are CPU seconds, `on_disk` is by the clock."""

    in_memory: float
    by_row: float
    on_disk: float
    held: float
    """MB in the process that built it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader found and what it took. `opening` is by the clock, `query` CPU seconds."""

    opening: float
    query: float
    found: Found
    held: float
    private: float
    """MB of `held` that no other process can share."""


def run() -> list[Figure]:
    """Build, open, query, memory, and how many answers are right."""
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        values = pictures(COUNT, 1)
        chosen = values[np.random.default_rng(2).integers(0, COUNT, 41 * EACH)]
        queries = altered(chosen, np.tile(np.arange(41), EACH), 3)
        np.save(folder / "values.npy", values)
        np.save(folder / "queries.npy", queries)
        steps = (_build, _ask, _peer_build, _peer_ask)
        ours, answer, peers, peer_answer = (apart(step, folder) for step in steps)
        assert isinstance(ours, Built)
        assert isinstance(peers, Built)
        assert isinstance(answer, Asked)
        assert isinstance(peer_answer, Asked)
    right = scan(values, queries, RADIUS)
    exact, peer_exact = (
        sum(a == b for a, b in zip(found, right, strict=True))
        for found in (answer.found, peer_answer.found)
    )
    cost = Figure.cost
    return [
        Figure("answers equal to a plain scan's", exact, f"of {len(right)}", peer_exact),
        cost("query", answer.query * 1e3, "ms", peer_answer.query * 1e3),
        cost("build, from arrays", ours.in_memory, "s", peers.in_memory),
        cost("build, row by row", ours.by_row, "s", peers.in_memory),
        cost("build and write to disk", ours.on_disk, "s", peers.on_disk),
        cost("open a snapshot, against the build", answer.opening, "s", ours.in_memory),
        cost("open a snapshot, against loading", answer.opening, "s", peer_answer.opening),
        cost("memory after building", ours.held, "MB", peers.held),
        cost("memory of a reader", answer.held, "MB", peer_answer.held),
        cost(
            "memory of two readers of a host",
            answer.held + answer.private,
            "MB",
            peer_answer.held + peer_answer.private,
        ),
        cost("memory of each further reader", answer.private, "MB", peer_answer.private),
    ]


def _whole(index: Index | None) -> Index:
    """The index with every page of its files read."""
    assert index is not None
    index.verify()
    return index


def _build(folder: Path) -> Built:
    values = np.load(folder / "values.npy")
    rows = [Row(key, Algorithm.PDQ, value.tobytes()) for key, value in enumerate(values)]
    block = Block(Algorithm.PDQ, np.arange(len(values)), values)
    with tempfile.TemporaryDirectory(dir=SHARED if SHARED.is_dir() else None) as name:
        directory = IndexDirectory(Path(name))
        by_row = busy(lambda: directory.publish(1, rows), 3)
        in_memory = busy(lambda: directory.publish(1, [block]), 5)
    directory = IndexDirectory(folder / "index")
    on_disk = seconds(lambda: directory.publish(1, [block]), 5)
    before = memory()
    return Built(in_memory, by_row, on_disk, _held_since(before, directory))


def _held_since(before: float, directory: IndexDirectory) -> float:
    _whole(directory.current())
    return memory() - before


def _ask(folder: Path) -> Asked:
    queries = np.load(folder / "queries.npy")
    before, private_before = memory(), private_memory()
    opening = seconds(lambda: IndexDirectory(folder / "index").current(), 9)
    index = _whole(IndexDirectory(folder / "index").current())

    def ask() -> list[Matches]:
        return [index.near(query[None], RADIUS) for query in queries]

    query = busy(ask, 7) / len(queries)
    held, private = memory() - before, private_memory() - private_before
    found = [set(zip(a.key.tolist(), a.distance.tolist(), strict=True)) for a in ask()]
    return Asked(opening, query, found, held, private)


def _peer_build(folder: Path) -> Built:
    import faiss
    from threatexchange.signal_type.pdq.pdq_index import PDQIndex

    faiss.omp_set_num_threads(1)
    values = np.load(folder / "values.npy")
    entries = [(value.tobytes().hex(), key) for key, value in enumerate(values)]
    built: list[Any] = []

    def build() -> None:
        built[:] = [PDQIndex(entries)]

    def write() -> None:
        with (folder / "peer.pickle").open("wb") as file:
            pickle.dump(built[0], file)
            file.flush()
            os.fsync(file.fileno())

    before = memory()
    in_memory = busy(build)
    held = memory() - before
    return Built(in_memory, in_memory, in_memory + seconds(write), held)


def _peer_ask(folder: Path) -> Asked:
    import faiss
    import threatexchange.signal_type.pdq.pdq_index  # noqa: F401 so that it is not counted

    faiss.omp_set_num_threads(1)
    queries = [query.tobytes().hex() for query in np.load(folder / "queries.npy")]
    before, private_before = memory(), private_memory()
    loaded: list[Any] = []

    def load() -> None:
        with (folder / "peer.pickle").open("rb") as file:
            loaded[:] = [pickle.load(file)]  # noqa: S301 our own, made a moment ago

    def ask() -> list[Any]:
        return [loaded[0].query(query) for query in queries]

    opening = seconds(load)
    query = busy(ask, 3) / len(queries)
    held, private = memory() - before, private_memory() - private_before
    found = [{(m.metadata, m.similarity_info.distance) for m in answer} for answer in ask()]
    return Asked(opening, query, found, held, private)
