"""A console that listens, a folder to scan, and the command run as people run it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scanner.command import Scan
from tests.scanner.console import Console


@pytest.fixture
def console() -> Iterator[Console]:
    """A console of the test's own."""
    with Console() as listening:
        yield listening


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """An empty folder for the platform's files."""
    folder = tmp_path / "media"
    folder.mkdir()
    return folder


@pytest.fixture
def scan(console: Console, tmp_path: Path) -> Scan:
    """The scan command in a process of its own, against that console."""
    return Scan(console.address, tmp_path / "state.sqlite")
