"""Servers to talk to."""

from collections.abc import Iterator

import pytest

from exchange.connection import Limits
from tests.exchange.server import Server

QUICK = Limits(connect=2.0, silence=0.3, total=2.0, size=200_000, pauses=())
"""Limits for tests: seconds are milliseconds there."""


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of this test's own."""
    with Server() as running:
        yield running
