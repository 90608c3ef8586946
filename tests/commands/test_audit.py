"""`app.py audit`: exporting the log and checking it."""

import json
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from store.database import Database
from tests.commands.conftest import Command, refused, said


def _something_happens(command: Command) -> None:
    for login in ("mona", "milan"):
        options = ("--name", login, "--role", "moderator", "--generate")
        said(command("people", "add", login, *options))


def test_the_installations_own_log_is_checked(command: Command) -> None:
    _something_happens(command)
    assert said(command("audit", "verify")) == (
        "2 lines, each follows the one before it: the log holds"
    )


def test_an_export_is_logged_and_holds_elsewhere(
    command: Command, tmp_path: Path, environ: dict[str, str]
) -> None:
    _something_happens(command)
    file = tmp_path / "audit.jsonl"
    said(command("audit", "export", "--out", str(file)))
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["action"] for line in lines] == ["person.added", "person.added", "audit.exported"]
    assert lines[0]["actor"].startswith("command:")
    elsewhere = dict.fromkeys(environ, "")
    assert "3 lines" in said(command("audit", "verify", str(file), **elsewhere))


def test_what_was_changed_is_named_by_its_line(command: Command, tmp_path: Path) -> None:
    _something_happens(command)
    file = tmp_path / "audit.jsonl"
    said(command("audit", "export", "--out", str(file)))
    file.write_text(file.read_text().replace("person:milan", "person:mario", 1))
    words = refused(command("audit", "verify", str(file)))
    assert "line 2: was changed after it was written" in words
    assert "the log does not hold" in words


def test_a_file_that_is_no_log_is_said(command: Command, tmp_path: Path) -> None:
    for content in ("no json\n", "[1]\n", "7\n", "[" * 100_000, '{"id": "x"}\n', '{"id": null}\n'):
        file = tmp_path / "other.txt"
        file.write_text(content)
        refused(command("audit", "verify", str(file)))
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    assert command("audit", "verify", str(empty)).exit_code == 0
    assert command("audit", "verify", str(tmp_path / "missing")).exit_code == 2


def test_the_database_itself_refuses_to_change_a_line(command: Command, database: Database) -> None:
    _something_happens(command)
    for statement in ("UPDATE audit_entries SET actor = 'x'", "DELETE FROM audit_entries"):
        with pytest.raises(DatabaseError), database.write() as session:
            session.execute(text(statement))
    assert "2 lines" in said(command("audit", "verify"))
