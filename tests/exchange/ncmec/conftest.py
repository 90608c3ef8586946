"""A service with a clock, and a client at it."""

from collections.abc import Iterator

import pytest

from exchange.ncmec import NcmecClient
from tests.exchange.conftest import QUICK
from tests.exchange.ncmec.service import CREDENTIALS, Service
from tests.exchange.server import Server


@pytest.fixture
def service(server: Server) -> Service:
    """An empty list, answering on `server`."""
    answering = Service()
    server.answer = answering.answer
    return answering


@pytest.fixture
def client(server: Server) -> Iterator[NcmecClient]:
    """A client with the right credentials."""
    with NcmecClient(server.url, CREDENTIALS, limits=QUICK) as made:
        yield made
