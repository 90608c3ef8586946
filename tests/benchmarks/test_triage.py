"""The benchmark of the queue does what people do: on a small history, on both databases."""

import logging
from collections.abc import Iterator

import pytest

from benchmarks import history, triage


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Few people, few rounds, and the log as it was."""
    monkeypatch.setattr(history, "PEOPLE", 2)
    monkeypatch.setattr(triage, "WARMING", 0)
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    yield
    root.handlers = kept
    root.setLevel(level)


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_everything_is_taken_in_each_installation(backend: str) -> None:
    with triage.installed(backend, (200, 400)) as both:
        taken = triage.compare(both, 2)
    assert {*triage.LISTS, "/queue/presence", "next", "a hit's page", "decide"} == set(taken)
    assert all(len(each) == 2 and min(each) > 0 for each in taken.values())
