"""What people ask of registries: within their patience, and never too many at once."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import load
from exchange import registry
from exchange.errors import Unavailable
from exchange.records import Member
from jobs import runtime
from jobs.registries import AT_ONCE, Registries
from moderation.sources import NoAnswer
from tests.console.conftest import environment
from tests.world import World

ours = registry.KINDS["ncmec"]


class Slow(ours):  # type: ignore[misc, valid-type]
    """A registry that answers once it is let."""

    let = threading.Event()

    def whoami(self) -> Member:
        """Who we are, late."""
        self.let.wait(10)
        return Member("7", "Us")


class Broken(ours):  # type: ignore[misc, valid-type]
    """A registry that is not there."""

    def whoami(self) -> Member:
        """Nobody says."""
        raise Unavailable("NCMEC: status: no connection")


@pytest.fixture
def registries(
    world: World, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Registries]:
    """What is asked where the registry is slow; the source's secret is set."""
    monkeypatch.setattr(registry, "KINDS", {"ncmec": Slow})
    environ = environment(database_url, "redis://localhost:1/0", tmp_path)
    Slow.let.clear()
    parts = runtime.build(load(environ | {"SECRET_TEST": "user:password"}))
    yield Registries(parts, patience=0.2)
    Slow.let.set()
    parts.database.close()


def test_an_answer_in_time_is_given(registries: Registries) -> None:
    Slow.let.set()
    assert registries.whoami(1) == Member("7", "Us")


def test_nobody_waits_longer_than_the_patience(registries: Registries) -> None:
    with pytest.raises(NoAnswer, match=r"no answer within 0\.2 seconds"):
        registries.whoami(1)


def test_too_many_that_hang_are_not_joined_by_more(registries: Registries) -> None:
    for _ in range(AT_ONCE):
        with pytest.raises(NoAnswer, match="no answer"):
            registries.whoami(1)
    with pytest.raises(NoAnswer, match="too many"):
        registries.whoami(1)


def test_a_failure_is_said_in_words_and_frees_the_place(
    registries: Registries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "KINDS", {"ncmec": Broken})
    for _ in range(AT_ONCE + 1):
        with pytest.raises(NoAnswer, match="no connection"):
            registries.whoami(1)


def test_a_source_that_is_not_there_is_said(registries: Registries) -> None:
    with pytest.raises(NoAnswer, match="there is no source 9"):
        registries.whoami(9)


def test_whether_a_secret_is_set_is_all_that_is_said(registries: Registries) -> None:
    assert registries.has_secret("test")
    assert not registries.has_secret("other")
    assert "password" not in repr(registries)
