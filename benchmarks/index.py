"""Figure 1: one query at a time among a million PDQ values, against threatexchange's PDQIndex.

Both run on one thread, each in its own process, on the same values and queries: 25 at each
distance from 0 to 40 of a value on the list. Both answers are held against a plain scan.
"""

import os
import pickle
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.figure import Figure
from benchmarks.lists import Found, altered, pictures, scan
from benchmarks.process import apart, memory, seconds

COUNT = 1_000_000
EACH = 25
RADIUS = 31


def run() -> list[Figure]:
    """Build, open, query, memory, and how many answers are right."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        values = pictures(COUNT, 1)
        distances = np.tile(np.arange(41), EACH)
        chosen = values[np.random.default_rng(2).integers(0, COUNT, len(distances))]
        queries = altered(chosen, distances, 3)
        np.save(folder / "values.npy", values)
        np.save(folder / "queries.npy", queries)
        os.environ["OMP_NUM_THREADS"] = "1"
        rows_build, build = apart(_build, folder)
        opening, query, found = apart(_ask, folder)
        loaded = apart(_load, folder)
        peer_build = apart(_peer_build, folder)
        peer_query, peer_found, peer_opening, peer_loaded = apart(_peer_ask, folder)
    right = scan(values, queries, RADIUS)
    ours = sum(a == b for a, b in zip(found, right, strict=True))
    theirs = sum(a == b for a, b in zip(peer_found, right, strict=True))
    return [
        Figure("answers that equal a plain scan's", ours, f"of {len(right)}", theirs),
        Figure.cost("query", query * 1e3, "ms", peer_query * 1e3),
        Figure.cost("build and write, from arrays", build, "s", peer_build),
        Figure.cost("build and write, row by row", rows_build, "s", peer_build),
        Figure.cost("loaded", loaded, "MB", peer_loaded),
        Figure.cost("open, against the peer's load", opening * 1e3, "ms", peer_opening * 1e3),
        Figure.cost("open, against our build", opening * 1e3, "ms", build * 1e3),
    ]


def _build(folder: Path) -> tuple[float, float]:
    """Seconds to build and write a snapshot from rows and from arrays."""
    from matching.fingerprint import Algorithm
    from matching.index import Block, IndexDirectory, Row

    values = np.load(folder / "values.npy")
    rows = [Row(key, Algorithm.PDQ, value.tobytes()) for key, value in enumerate(values)]
    block = Block(Algorithm.PDQ, np.arange(len(values)), values)
    directory = IndexDirectory(folder / "index")
    directory.publish(0, [Block(Algorithm.PDQ, np.arange(5_000), values[:5_000])])
    by_row = seconds(lambda: directory.publish(1, rows), 2)
    return by_row, seconds(lambda: directory.publish(1, [block]), 3)


def _ask(folder: Path) -> tuple[float, float, Found]:
    """Seconds to open and to ask one query, and the answers."""
    from matching.index import IndexDirectory

    queries = np.load(folder / "queries.npy")
    opening = seconds(lambda: IndexDirectory(folder / "index").current(), 5)
    index = IndexDirectory(folder / "index").current()
    assert index is not None

    def ask() -> Found:
        answers = [index.near(query[None], RADIUS) for query in queries]
        return [set(zip(a.key.tolist(), a.distance.tolist(), strict=True)) for a in answers]

    found = ask()
    return opening, seconds(ask, 3) / len(queries), found


def _load(folder: Path) -> float:
    """MB in memory once every page of the snapshot was read; workers of a host share them."""
    from matching.index import IndexDirectory

    queries = np.load(folder / "queries.npy")
    before = memory()
    index = IndexDirectory(folder / "index").current()
    assert index is not None
    index.verify()
    index.near(queries, RADIUS)
    return memory() - before


def _peer_build(folder: Path) -> float:
    """Seconds to build a PDQIndex, which is left in the folder pickled."""
    import faiss
    from threatexchange.signal_type.pdq.pdq_index import PDQIndex

    faiss.omp_set_num_threads(1)
    values = np.load(folder / "values.npy")
    entries = [(value.tobytes().hex(), key) for key, value in enumerate(values)]
    built: list[PDQIndex] = []
    took = seconds(lambda: built.append(PDQIndex(entries)))
    with (folder / "peer.pickle").open("wb") as file:
        pickle.dump(built[0], file)
    return took


def _peer_ask(folder: Path) -> tuple[float, Found, float, float]:
    """Seconds to ask a PDQIndex one query, its answers, seconds to load it, and its MB."""
    import faiss
    import threatexchange.signal_type.pdq.pdq_index  # noqa: F401 so that it is not counted

    faiss.omp_set_num_threads(1)
    queries = [query.tobytes().hex() for query in np.load(folder / "queries.npy")]
    before = memory()
    loaded: list[object] = []

    def load() -> None:
        with (folder / "peer.pickle").open("rb") as file:
            loaded.append(pickle.load(file))  # noqa: S301 the file is ours, made a moment ago

    opening = seconds(load)
    peer = loaded[0]

    def ask() -> Found:
        return [
            {(match.metadata, match.similarity_info.distance) for match in peer.query(query)}
            for query in queries
        ]

    answers: list[Found] = []
    took = seconds(lambda: answers.append(ask())) / len(queries)
    return took, answers[0], opening, memory() - before
