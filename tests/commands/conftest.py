"""The command line as an operator calls it, on each kind of database."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app import main
from jobs import runtime
from tests.console.conftest import environment
from tests.registry.conftest import listen, make_registry

__all__ = ["listen", "make_registry"]

Command = Callable[..., Result]


@pytest.fixture
def environ(database_url: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    """The environment of an installation in development."""
    return environment(database_url, redis_url, tmp_path) | {"ALLOW_PRIVATE_DESTINATIONS": "1"}


@pytest.fixture
def command(environ: dict[str, str]) -> Iterator[Command]:
    """Call `app.py` with these arguments, and `typed` at its prompts."""
    runtime._of_process.cache_clear()  # a process belongs to one installation, a test run does not

    def call(*arguments: str, typed: str | None = None, **changed: str) -> Result:
        return CliRunner().invoke(main, arguments, input=typed, env=environ | changed)

    yield call
    runtime._of_process.cache_clear()


def said(result: Result) -> str:
    """What a command said when it went well."""
    assert result.exit_code == 0, result.output
    return result.output.strip()


def refused(result: Result) -> str:
    """What a command said when it refused, in words and without a traceback."""
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result.output.strip()
