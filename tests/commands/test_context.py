"""What every command says when the installation is not whole."""

from pathlib import Path

import pytest

from app import COMMANDS
from store import migrate
from tests.commands.conftest import Command, refused, said


@pytest.mark.parametrize("arguments", [("people", "list"), ("keys", "list"), ("serve",)])
def test_every_fault_of_the_environment_is_named_at_once(
    command: Command, arguments: tuple[str, ...]
) -> None:
    words = refused(
        command(*arguments, ENVIRONMENT="production", SECRET_KEY="changeme", REDIS_URL="")
    )
    assert words.startswith("Error: cannot start:")
    assert "- SECRET_KEY is a placeholder" in words
    assert "- REDIS_URL " in words
    assert "openssl rand -hex 32" in words
    assert "changeme" not in words


def test_a_database_that_was_not_migrated_is_said(
    command: Command, empty_database_url: str, tmp_path: Path
) -> None:
    words = refused(command("people", "list", DATABASE_URL=empty_database_url))
    assert "at migration none" in words
    assert "python app.py migrate" in words
    done = said(command("migrate", DATABASE_URL=empty_database_url))
    assert done == f"the database is at migration {migrate.newest()}"
    assert said(command("people", "list", DATABASE_URL=empty_database_url)) == ""


def test_a_database_that_does_not_answer_is_said_without_its_password(command: Command) -> None:
    url = "postgresql://console:a-password-of-ours@127.0.0.1:1/console"
    words = refused(command("people", "list", DATABASE_URL=url))
    assert "the database cannot be used" in words
    assert "a-password-of-ours" not in words


def test_every_command_has_its_help(command: Command) -> None:
    listed = said(command("--help"))
    for name in COMMANDS:
        assert name in listed
        assert said(command(name, "--help")).startswith("Usage:")
    assert command("nonsense").exit_code == 2
