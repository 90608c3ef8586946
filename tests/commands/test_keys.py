"""`app.py keys`: making, listing and shutting keys."""

from moderation import audit, keys
from store.database import Database
from tests.commands.conftest import Command, refused, said


def _add(command: Command, name: str = "uploads", *scopes: str) -> str:
    options = [word for scope in scopes or ("content:write",) for word in ("--scope", scope)]
    return said(command("keys", "add", name, *options))


def _opens(database: Database, key: str) -> bool:
    with database.read() as session:
        return keys.find(session, key) is not None


def test_a_key_is_printed_once_and_kept_as_a_hash(command: Command, database: Database) -> None:
    key = _add(command, "uploads", "content:write", "content:read")
    assert _opens(database, key)
    words = said(command("keys", "list"))
    assert words.split() == ["uploads", "content:write,content:read", "never", "used"]
    assert key not in words
    with database.read() as session:
        assert key not in str([line.fields() for line in audit.lines(session)])


def test_a_revoked_key_is_shut(command: Command, database: Database) -> None:
    key = _add(command)
    assert said(command("keys", "revoke", "uploads")) == "uploads is revoked"
    assert not _opens(database, key)
    assert "(revoked)" in said(command("keys", "list"))


def test_what_cannot_be_is_said(command: Command) -> None:
    _add(command)
    add = ("keys", "add", "uploads", "--scope", "content:write")
    assert "there is a key named 'uploads' already" in refused(command(*add))
    bad = ("keys", "add", "up/loads", "--scope", "content:write")
    assert "letters, digits, space" in refused(command(*bad))
    assert "there is no key named 'other'" in refused(command("keys", "revoke", "other"))
    assert command("keys", "add", "none").exit_code == 2
