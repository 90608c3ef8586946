"""Which files are scanned, in which order."""

import os
from pathlib import Path

import pytest

from scanner.walk import Found, LeftOut, Seen, Unlisted, walk


def _tree(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def _ids(seen: list[Seen]) -> list[str]:
    return [one.id for one in seen if isinstance(one, Found)]


def test_folders_in_order_ids_relative(tmp_path: Path) -> None:
    _tree(tmp_path, "b/2", "b/1", "a/x/y", "c", "a/0")
    assert _ids(list(walk([tmp_path]))) == ["c", "a/0", "a/x/y", "b/1", "b/2"]
    assert _ids(list(walk([tmp_path / "b"], "up-"))) == ["up-1", "up-2"]


def test_file_by_itself_and_several_paths(tmp_path: Path) -> None:
    _tree(tmp_path, "one/x.jpg", "two/x.jpg")
    assert _ids(list(walk([tmp_path / "one" / "x.jpg"]))) == ["x.jpg"]
    assert _ids(list(walk([tmp_path / "two", tmp_path / "one"]))) == ["one/x.jpg", "two/x.jpg"]


def test_what_is_named_twice_is_scanned_once(tmp_path: Path) -> None:
    _tree(tmp_path, "a/x", "b")
    paths = [tmp_path, tmp_path / "a", tmp_path / "a" / "x", tmp_path / "a" / ".." / "b"]
    assert _ids(list(walk(paths))) == ["b", "a/x"]


def test_size_and_time_of_change_are_noted(tmp_path: Path) -> None:
    _tree(tmp_path, "x")
    os.utime(tmp_path / "x", ns=(1, 1_234_567_890_123_456_789))
    (found,) = walk([tmp_path])
    assert isinstance(found, Found)
    assert (found.size, found.mtime_ns) == (1, 1_234_567_890_123_456_789)


def test_links(tmp_path: Path) -> None:
    """A link to a file is that file; a link to a folder is left out, so no loop can catch us."""
    _tree(tmp_path, "store/blob", "media/own")
    media = tmp_path / "media"
    (media / "linked.jpg").symlink_to(tmp_path / "store" / "blob")
    (media / "loop").symlink_to(media)
    (media / "elsewhere").symlink_to(tmp_path / "store")
    (media / "dangling").symlink_to(tmp_path / "nowhere")
    seen = list(walk([media]))
    assert _ids(seen) == ["linked.jpg", "own"]
    left_out = [one for one in seen if isinstance(one, LeftOut)]
    assert [(one.path.name, one.hidden) for one in left_out] == [
        ("elsewhere", False),
        ("loop", False),
    ]
    (unlisted,) = [one for one in seen if isinstance(one, Unlisted)]
    assert unlisted.path.name == "dangling"
    assert "No such file" in unlisted.reason


def test_link_to_a_folder_is_followed_when_named(tmp_path: Path) -> None:
    _tree(tmp_path, "store/blob")
    (tmp_path / "media").symlink_to(tmp_path / "store")
    assert _ids(list(walk([tmp_path / "media"]))) == ["blob"]


def test_hidden_is_left_out_and_counted_unless_named(tmp_path: Path) -> None:
    _tree(tmp_path, ".thumbs/1", ".DS_Store", "a/.b", "a/c")
    seen = list(walk([tmp_path]))
    assert _ids(seen) == ["a/c"]
    assert sum(isinstance(one, LeftOut) and one.hidden for one in seen) == 3
    assert _ids(list(walk([tmp_path / ".thumbs"]))) == ["1"]


def test_folder_without_permission_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal is the system's; planted, because root may list every folder."""
    _tree(tmp_path, "closed/x", "open/y")
    scandir = os.scandir

    def refuse(path: Path) -> object:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    seen = list(walk([tmp_path]))
    assert _ids(seen) == ["open/y"]
    assert Unlisted(tmp_path / "closed", "folder cannot be listed: Permission denied") in seen


def test_names_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.jpg")).write_bytes(b"x")
    assert _ids(list(walk([tmp_path]))) == ["caf\\udce9.jpg"]
