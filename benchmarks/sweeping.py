"""Figure 5: a million stored contents against ten thousand new entries, on one worker and on two.

The database is SQLite, filled as the platform API leaves it; the workers are processes that share
the sweep's chunks as RQ's do. Peak memory is a worker's, with the library ten times smaller too:
it must not grow with it.
"""

import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert
from sqlalchemy.orm import Session

from benchmarks.figure import Figure
from benchmarks.lists import NOBODY, pictures
from benchmarks.process import peak_memory
from config.policy import load_policy
from config.settings import ROOT
from matching.index import IndexDirectory
from moderation import index, sources, sweeps
from moderation.source_settings import SourceSettings
from store import migrate
from store.content import Content, ContentFingerprint
from store.database import Database
from store.entry import Entry, EntryFingerprint, IndexVersion

CONTENTS = 1_000_000
ENTRIES = 10_000
PART = 50_000
ROUNDS = 3  # one worker and two turn about; the round whose ratio is the median counts
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def run() -> list[Figure]:
    """Contents a second on one and on two workers, and the most memory that a worker took."""
    with _library(CONTENTS) as folder:
        rounds = [(_sweep(folder, CONTENTS, 1), _sweep(folder, CONTENTS, 2)) for _ in range(ROUNDS)]
    with _library(CONTENTS // 10) as folder:
        _, small = _sweep(folder, CONTENTS // 10, 1)
    rounds.sort(key=lambda both: both[1][0] / both[0][0])
    (one, memory), (two, _) = rounds[ROUNDS // 2]
    return [
        Figure("contents a second, one worker", one, "1/s"),
        Figure.yields("contents a second, two workers, against one", two, "1/s", one),
        Figure.cost("peak memory of a worker, against a library of a tenth", memory, "MB", small),
    ]


@contextmanager
def _library(contents: int) -> Iterator[Path]:
    """The folder of an installation that holds so much, and has a sweep to do."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = Database(_url(folder))
        migrate.upgrade(database)
        _fill(database, contents)
        database.close()
        yield folder


def _sweep(folder: Path, contents: int, workers: int) -> tuple[float, float]:
    """Contents a second of the whole sweep, done anew, and the peak memory of a worker in MB."""
    database = Database(_url(folder))
    with database.write() as session:
        sweeps.again(session, since=0)
    (sweep_id,) = sweeps.open_sweeps(database)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        list(pool.map(_warm, range(workers)))
        started = time.perf_counter()
        peaks = list(pool.map(_work, [folder] * workers, [sweep_id] * workers))
        seconds = time.perf_counter() - started
    with database.read() as session:
        (done,) = sweeps.progress(session, [sweep_id])
    database.close()
    assert done.contents == contents
    return contents / seconds, max(peaks)


def _warm(_number: int) -> None:
    """Have the worker imported and its search compiled before the clock starts."""
    time.sleep(0.5)


def _work(folder: Path, sweep_id: int) -> float:
    database = Database(_url(folder))
    policy = load_policy([ROOT / "config" / "policy.toml"])
    directory = IndexDirectory(folder / "index")
    while sweeps.sweep_next(database, directory, policy, sweep_id, datetime.now(UTC)):
        pass
    database.close()
    return peak_memory()


def _url(folder: Path) -> str:
    return f"sqlite:///{folder / 'console.sqlite'}"


def _fill(database: Database, contents: int) -> None:
    """Content that was matched at version 1, and entries that version 2 adds."""
    values = pictures(contents, 1)
    new = pictures(ENTRIES, 2)
    with database.write() as session:
        source = sources.add(
            session,
            name="Registry",
            kind=NOBODY,
            settings=SourceSettings("https://registry.test"),
            policy=load_policy([ROOT / "config" / "policy.toml"]),
            actor="benchmark",
            now=NOW,
        )
        session.add(IndexVersion(created_at=NOW, added=0, removed=0))
        session.execute(insert(Entry), [_entry(source.id, n) for n in range(1, ENTRIES + 1)])
        session.execute(
            insert(EntryFingerprint),
            [
                {"entry_id": n + 1, "algorithm": "pdq", "value": value.tobytes(), "retired": False}
                for n, value in enumerate(new)
            ],
        )
        for start in range(0, contents, PART):
            _store(session, values[start : start + PART], start + 1)
        index.new_version(session, NOW)


def _entry(source_id: int, number: int) -> dict[str, object]:
    return {
        "id": number,
        "source_id": source_id,
        "member_id": "1",
        "member_name": "Member",
        "entry_id": str(number),
        "kind": "image",
        "omitted": [],
        "first_seen_at": NOW,
        "changed_at": NOW,
    }


def _store(session: Session, values: NDArray[np.uint8], first: int) -> None:
    session.execute(
        insert(Content),
        [
            {
                "id": first + n,
                "platform_id": str(first + n),
                "kind": "image",
                "first_seen_at": NOW,
                "last_seen_at": NOW,
                "seen_count": 1,
                "revision": 1,
                "matched_version": 1,
            }
            for n in range(len(values))
        ],
    )
    session.execute(
        insert(ContentFingerprint),
        [
            {
                "content_id": first + n,
                "algorithm": "pdq",
                "value": value.tobytes(),
                "quality": 90,
            }
            for n, value in enumerate(values)
        ],
    )
