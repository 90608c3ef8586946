"""Figure 3: batches of a thousand contents on two cores, against a million PDQ and MD5 values.

A content is a PDQ value and an MD5 value, as an upload's are. One in a hundred is near a value on
the list, the others are near none. The peer is the batch search inside PDQIndex (faiss), which
PDQIndex itself does not offer, on two threads and for PDQ alone.
"""

import os
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.figure import Figure
from benchmarks.lists import altered, pictures
from benchmarks.process import apart, seconds
from matching.fingerprint import Algorithm
from matching.index import Block, IndexDirectory

COUNT = 1_000_000
BATCH = 1_000
BATCHES = 50
PEER_BATCHES = 3
RADIUS = 31
CORES = 2


def run() -> list[Figure]:
    """Contents a second on one and on two cores."""
    one, two = apart(_ours, 1), apart(_ours, CORES)
    os.environ["OMP_NUM_THREADS"] = str(CORES)
    peer = apart(_peers)
    return [
        Figure("contents a second, 1 core", one, "1/s"),
        Figure.yields(f"contents a second, {CORES} cores", two, "1/s", peer),
    ]


def _contents() -> tuple[np.ndarray, np.ndarray]:
    """The list, and batches of queries in a row."""
    values = pictures(COUNT, 1)
    queries = pictures(BATCH * BATCHES, 2)
    near = np.arange(0, len(queries), 100)
    queries[near] = altered(values[near], near // 100 % 32, 3)
    return values, queries


def _ours(threads: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        values, queries = _contents()
        keys = np.arange(COUNT)
        md5 = np.random.default_rng(4).integers(0, 256, (COUNT, 16), dtype=np.uint8)
        directory = IndexDirectory(Path(folder))
        blocks = [Block(Algorithm.PDQ, keys, values), Block(Algorithm.MD5, keys + COUNT, md5)]
        index = directory.publish(1, blocks)
        asked = [bytes(value) for value in md5[:BATCH]]

        def ask() -> None:
            for start in range(0, len(queries), BATCH):
                index.near(queries[start : start + BATCH], RADIUS, threads=threads)
                index.equal(Algorithm.MD5, asked)

        return len(queries) / seconds(ask, 5)


def _peers() -> float:
    import faiss
    from threatexchange.signal_type.pdq.pdq_index import PDQIndex

    faiss.omp_set_num_threads(CORES)
    values, queries = _contents()
    peer = PDQIndex([(value.tobytes().hex(), key) for key, value in enumerate(values)]).index
    asked = [query.tobytes().hex() for query in queries[: PEER_BATCHES * BATCH]]

    def ask() -> None:
        for start in range(0, len(asked), BATCH):
            peer.search_with_distance_in_result(asked[start : start + BATCH], RADIUS)

    return len(asked) / seconds(ask, 2)
