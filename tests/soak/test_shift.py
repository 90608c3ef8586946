"""Twenty people at once in short, over a real gunicorn; and a twin whose books do not fit."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.settings import ROOT
from local.stack import Ports, environment
from tests.soak import books, shift
from tests.soak.browsing import Odds, Remembered
from tests.soak.served import APP, served
from tests.world import World, pdq, record

HITS = 42
PASSWORD = "correct horse battery staple"
OFTEN = Odds(skip=0.1, release=0.1, hand_over=0.1, undo=0.25)
CARELESS = "tests.soak.careless:create_app()"


@pytest.fixture
def environ(database_url: str, redis_url: str, tmp_path: Path) -> Mapping[str, str]:
    """The environment of a console over this test's database and Redis."""
    made = environment(tmp_path, redis_url, Ports(0, 0, 0)) | {"DATABASE_URL": database_url}
    return shift.environment({**made, "PYTHONPATH": str(ROOT)}, tmp_path)


@pytest.fixture
def logins(world: World) -> tuple[str, ...]:
    """The twenty, and what they have to do."""
    world.now = datetime.now(UTC)
    world.list_entries(*(record(pdq(), at=world.now) for _ in range(HITS // 3)))
    shift.post_more(world.database, world.directory, world.policy, HITS)
    return shift.hire(world.database, PASSWORD, world.now)


def _shift(
    world: World, environ: Mapping[str, str], logins: tuple[str, ...], app: str, seconds: float
) -> tuple[Remembered, list[str]]:
    with served(environ, app) as address:
        remembered = shift.work(
            world.database, address, logins, PASSWORD, odds=OFTEN, seconds=seconds
        )
    return remembered, books.wrong(world.database, world.policy.lease.length, remembered)


def test_everything_is_decided_once_by_whoever_held_it(
    world: World, environ: Mapping[str, str], logins: tuple[str, ...]
) -> None:
    remembered, wrong = _shift(world, environ, logins, APP, 120)
    assert wrong == []
    for what in ("decide", "undo", "skip", "release", "hand-over"):
        assert sum(did.get(what, 0) for did in remembered.values()) > 0, what


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_claims_that_do_not_look_who_holds_the_hit_are_seen(
    world: World, environ: Mapping[str, str], logins: tuple[str, ...]
) -> None:
    _, wrong = _shift(world, environ, logins, CARELESS, 6)
    assert any("hit.claimed" in one and "which person:" in one for one in wrong)
