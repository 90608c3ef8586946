"""The platform, as the API's tests have it."""

import pytest

from tests.console.api.platform import Platform
from tests.console.conftest import Console


@pytest.fixture
def platform(console: Console) -> Platform:
    """The platform, whose key opens everything."""
    return Platform(console)
