"""What the short soaks share: a PostgreSQL that may be restarted, and the templates."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.soak.postgres import Postgres, postgres
from tests.soak.scenarios import Order
from tests.soak.template import Template, prepare

DECISIONS = 30


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """A PostgreSQL of the soak's own. It runs as another user than root, who must get there."""
    with tempfile.TemporaryDirectory(prefix="soak-postgres-") as folder:
        Path(folder).chmod(0o755)
        with postgres(Path(folder) / "data") as running:
            yield running


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory, server: Postgres) -> Mapping[str, Template]:
    """A template for each kind of database."""
    folder = tmp_path_factory.mktemp("soak") / "template"
    return prepare(folder, DECISIONS, {"sqlite": None, "postgresql": server})


@pytest.fixture
def orders(
    tmp_path: Path, templates: Mapping[str, Template], server: Postgres
) -> Mapping[str, Order]:
    """A short order for each kind of database."""
    return {
        kind: Order(
            tmp_path / kind,
            template,
            server if kind == "postgresql" else None,
            DECISIONS,
            hours=2,
        )
        for kind, template in templates.items()
    }
