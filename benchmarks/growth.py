"""Figure 2: from one to ten million PDQ values, and lists that are full of near-duplicates.

Time and memory of the same queries on both sizes, each in its own process. Then the worst query
of a million on clustered lists, against a plain scan by the same compiled code.
"""

import tempfile
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.figure import Figure
from benchmarks.lists import Values, altered, near_duplicates, pictures, scan
from benchmarks.process import apart, busy, memory, peak_memory, seconds
from matching.fingerprint import Algorithm
from matching.index import Block, Index, IndexDirectory

MILLION = 1_000_000
RADIUS = 31
CHECKED = 41
"""Queries of each list, one at each distance from 0 to 40, that are held against a scan."""


@dataclass(frozen=True, slots=True)
class Grown:
    """One size: CPU seconds of a query and of the build, MB, and how many answers are right."""

    query: float
    build: float
    held: float
    peak: float
    right: int


@dataclass(frozen=True, slots=True)
class Clustered:
    """One clustered list: seconds of its worst query and of a scan for it, and right answers."""

    worst: float
    typical: float
    scan: float
    right: int


def run() -> list[Figure]:
    """Growth of time and memory with the list, and the worst query of clustered lists."""
    one, ten = apart(_grown, MILLION), apart(_grown, 10 * MILLION)
    figures = [
        Figure("query, 1 million", one.query * 1e3, "ms"),
        Figure("query, 10 million", ten.query * 1e3, "ms"),
        Figure("growth of a query's time", ten.query / one.query, "times"),
        Figure("build, 10 million", ten.build, "s"),
        Figure("memory of a reader, 10 million", ten.held, "MB"),
        Figure("peak memory of the build, 10 million", ten.peak, "MB"),
        Figure("answers equal to a plain scan's", one.right + ten.right, f"of {2 * CHECKED}"),
    ]
    for centres in (10_000, 100, 1):
        made = apart(_clustered, centres)
        each = f"{MILLION // centres:,} of each"
        figures += [
            Figure(f"query, {each}, typical", made.typical * 1e3, "ms"),
            Figure.cost(f"query, {each}, worst", made.worst * 1e3, "ms", made.scan * 1e3),
            Figure(f"answers equal, {each}", made.right, f"of {CHECKED}"),
        ]
    return figures


def _published(folder: str, values: Values) -> tuple[Index, float]:
    """An index of the values, and the CPU seconds that it took."""
    directory = IndexDirectory(Path(folder))
    block = Block(Algorithm.PDQ, np.arange(len(values)), values)
    took = busy(lambda: directory.publish(1, [block]))
    index = directory.current()
    assert index is not None
    return index, took


def _queries(values: Values, count: int) -> Values:
    chosen = values[np.random.default_rng(2).integers(0, len(values), count)]
    return altered(chosen, np.arange(count) % 41, 3)


def _right(index: Index, values: Values, queries: Values) -> int:
    """How many of the first CHECKED queries are answered as a scan answers them."""
    queries = queries[:CHECKED]
    found: list[set[tuple[int, int]]] = [set() for _ in queries]
    matches = index.near(queries, RADIUS)
    for query, key, distance in zip(
        matches.query.tolist(), matches.key.tolist(), matches.distance.tolist(), strict=True
    ):
        found[query].add((key, distance))
    return sum(a == b for a, b in zip(found, scan(values, queries, RADIUS), strict=True))


def _grown(count: int) -> Grown:
    with tempfile.TemporaryDirectory() as folder:
        values = pictures(count, 1)
        queries = _queries(values, 4_100)
        index, build = _published(folder, values)
        peak = peak_memory()
        before = memory()
        index.verify()
        query = busy(lambda: [index.near(q[None], RADIUS) for q in queries], 5) / len(queries)
        return Grown(query, build, memory() - before, peak, _right(index, values, queries))


def _clustered(centres: int) -> Clustered:
    with tempfile.TemporaryDirectory() as folder:
        values = near_duplicates(MILLION, centres, 5)
        queries = _queries(values, 410)
        index, _ = _published(folder, values)
        index.verify()
        tables = index.base.tables
        scanning = replace(tables, starts=np.empty((0, 0), np.uint32))
        worst = one_scan = 0.0
        times = []
        for query in queries:
            times.append(seconds(partial(index.near, query[None], RADIUS), 3))
            if times[-1] > worst:
                worst = times[-1]
                one_scan = seconds(partial(scanning.near, query[None], RADIUS, 1), 3)
        typical = float(np.median(times))
        return Clustered(worst, typical, one_scan, _right(index, values, queries))
