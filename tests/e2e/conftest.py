"""The databases to install on."""

import secrets
from collections.abc import Iterator

import pytest

from tests.conftest import BACKENDS, _administer, _named


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """The database to install on: none named is SQLite in the data folder."""
    if request.param == "sqlite":
        yield None
        return
    name = f"e2e_{secrets.token_hex(6)}"
    _administer(f"CREATE DATABASE {name}")
    yield _named(name)
    _administer(f"DROP DATABASE {name} WITH (FORCE)")
