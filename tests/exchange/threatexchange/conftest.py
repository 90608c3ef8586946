"""A service with a clock, and a client at it."""

from collections.abc import Iterator

import pytest

from exchange.threatexchange import ThreatExchangeClient
from tests.exchange.conftest import QUICK
from tests.exchange.server import Server
from tests.exchange.threatexchange.service import TOKEN, Service


@pytest.fixture
def service(server: Server) -> Service:
    """An empty group, answering on `server`."""
    answering = Service(server.url)
    server.answer = answering.answer
    return answering


@pytest.fixture
def client(service: Service) -> Iterator[ThreatExchangeClient]:
    """A client with the right token."""
    with ThreatExchangeClient(service.address, TOKEN, limits=QUICK) as made:
        yield made
