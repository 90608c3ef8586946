"""`app.py people`: adding, new passwords, shutting out."""

from datetime import UTC, datetime

from moderation import audit, people
from store.database import Database
from tests.commands.conftest import Command, refused, said


def _in(database: Database, login: str, password: str) -> bool:
    with database.write() as session:
        who = people.authenticate(session, login=login, password=password, now=datetime.now(UTC))
    return who is not None


def _log(database: Database) -> list[str]:
    with database.read() as session:
        return [f"{line.action} {line.subject}" for line in audit.lines(session)]


def test_a_person_is_added_with_a_password_that_was_typed(
    command: Command, database: Database
) -> None:
    add = ("people", "add", "mona", "--name", "Mona Berg", "--role", "moderator")
    words = said(command(*add, typed="a good long password\na good long password\n"))
    assert words.endswith("mona is added")
    assert "a good long password" not in words
    assert _in(database, "mona", "a good long password")
    assert _log(database) == ["person.added person:mona"]
    assert said(command("people", "list")).split() == ["mona", "moderator", "Mona", "Berg"]


def test_a_made_password_is_printed_once_and_works(command: Command, database: Database) -> None:
    add = ("people", "add", "ada", "--name", "Ada", "--role", "admin", "--generate")
    password = said(command(*add)).removeprefix("ada is added, password ")
    assert _in(database, "ada", password)
    new = said(command("people", "password", "ada", "--generate"))
    assert _in(database, "ada", new.removeprefix("ada has a new password: "))
    assert not _in(database, "ada", password)


def test_a_person_is_shut_out_and_let_in_again(command: Command, database: Database) -> None:
    add = ("people", "add", "ada", "--name", "Ada", "--role", "admin", "--generate")
    password = said(command(*add)).removeprefix("ada is added, password ")
    assert said(command("people", "deactivate", "ada")) == "ada is shut out"
    assert not _in(database, "ada", password)
    assert "(shut out)" in said(command("people", "list"))
    assert said(command("people", "deactivate", "ada", "--back")) == "ada is let in again"
    assert _in(database, "ada", password)


def test_what_cannot_be_is_said(command: Command, database: Database) -> None:
    def add(login: str, *more: str, typed: str | None = None) -> str:
        arguments = ("people", "add", login, "--name", "A", "--role", "admin", *more)
        return refused(command(*arguments, typed=typed))

    assert "2 to 40 of a-z" in add("Ada Lovelace", "--generate")
    assert "2 to 40 of a-z" in add("ada\n", "--generate")
    assert "a password has 12 to 256 characters" in add("ada", typed="short\nshort\n")
    said(command("people", "add", "ada", "--name", "A", "--role", "admin", "--generate"))
    assert "'ada' is taken" in add("ada", "--generate")
    for act in (("password", "eva", "--generate"), ("deactivate", "eva")):
        assert "there is nobody with the login 'eva'" in refused(command("people", *act))
    assert _log(database) == ["person.added person:ada"]


def test_an_unknown_role_is_refused_with_the_ones_there_are(command: Command) -> None:
    result = command("people", "add", "ada", "--name", "A", "--role", "king", "--generate")
    assert result.exit_code == 2
    assert "'moderator', 'auditor', 'lead', 'admin'" in result.output
