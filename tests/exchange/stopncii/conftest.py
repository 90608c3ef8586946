"""A service with a clock, and a client at it."""

from collections.abc import Iterator

import pytest

from exchange.stopncii import StopNciiClient
from tests.exchange.conftest import QUICK
from tests.exchange.server import Server
from tests.exchange.stopncii.service import CREDENTIALS, Service


@pytest.fixture
def service(server: Server) -> Service:
    """An empty list, answering on `server`."""
    answering = Service()
    server.answer = answering.answer
    return answering


@pytest.fixture
def client(server: Server) -> Iterator[StopNciiClient]:
    """A client with the right keys."""
    with StopNciiClient(server.url, CREDENTIALS, limits=QUICK) as made:
        yield made
