"""What a run remembers for the next one."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scanner.state import State, StateError, default_path
from scanner.walk import Found

FILE = Found(Path("/media/a.jpg"), "a.jpg", 10, 20)


def test_accepted_file_is_remembered_until_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "state.sqlite"
    with State(path, "https://one") as state:
        assert FILE not in state
        state.record([FILE])
    with State(path, "https://one") as state:
        assert FILE in state
        assert replace(FILE, size=11) not in state
        assert replace(FILE, mtime_ns=21) not in state
        assert replace(FILE, id="b.jpg") not in state
        state.record([replace(FILE, size=11)])
        assert replace(FILE, size=11) in state
        assert FILE not in state


def test_each_console_by_itself(tmp_path: Path) -> None:
    with State(tmp_path / "s", "https://one") as one, State(tmp_path / "s", "https://two") as two:
        one.record([FILE])
        assert FILE not in two


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    with State(tmp_path / "s", "https://one") as state:
        state.record([FILE])
    assert (tmp_path / "s").stat().st_mode & 0o077 == 0


def test_batch_is_all_or_nothing(tmp_path: Path) -> None:
    """The twin: a batch that breaks off in the middle leaves nothing recorded."""

    def broken() -> Iterator[Found]:
        yield FILE
        raise KeyboardInterrupt

    with State(tmp_path / "s", "https://one") as state, pytest.raises(KeyboardInterrupt):
        state.record(broken())
    with State(tmp_path / "s", "https://one") as state:
        assert FILE not in state


def test_file_that_is_no_state(tmp_path: Path) -> None:
    (tmp_path / "s").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StateError, match="cannot hold the state"):
        State(tmp_path / "s", "https://one")
    with pytest.raises(StateError, match="cannot hold the state"):
        State(tmp_path, "https://one")


def test_holds_ids_sizes_and_times_only(tmp_path: Path) -> None:
    with State(tmp_path / "s", "https://one") as state:
        state.record([FILE])
    with sqlite3.connect(tmp_path / "s") as rows:
        columns = [name for _, name, *_ in rows.execute("PRAGMA table_info(done)")]
    assert columns == ["console", "id", "size", "mtime_ns"]


def test_where_it_is_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    assert default_path() == tmp_path / "scan.sqlite"
    monkeypatch.delenv("DATA_DIR")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    assert default_path() == tmp_path / "xdg" / "takedown-console" / "scan.sqlite"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert default_path().is_relative_to(tmp_path / "home" / ".local" / "state")
