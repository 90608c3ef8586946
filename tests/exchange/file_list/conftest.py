"""Files on disk, and reading them as the store does."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from exchange.file_list import FileListClient
from exchange.records import Checkpoint, Page

Read = Callable[[Checkpoint | None, datetime], list[Page]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the list lies; not written yet."""
    return tmp_path / "list.csv"


@pytest.fixture
def read(path: Path) -> Read:
    """Read to the end, the checkpoint through JSON each time."""

    def all_pages(checkpoint: Checkpoint | None, now: datetime) -> list[Page]:
        pages: list[Page] = []
        with FileListClient(path.as_uri(), "") as client:
            while not pages or pages[-1].more:
                pages.append(client.fetch(json.loads(json.dumps(checkpoint)), now))
                checkpoint = pages[-1].checkpoint
        return pages

    return all_pages
