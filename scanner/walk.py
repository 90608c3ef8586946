"""Which files are scanned, in which order, and which are left out and why."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from scanner.content_id import content_id


@dataclass(frozen=True, slots=True)
class Found:
    """A file to fingerprint, and what tells a later run that it is still the same."""

    path: Path
    id: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Unlisted:
    """A file or folder that cannot even be looked at."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Left out by rule: `hidden` (its name begins with a dot), or else a link to a folder."""

    path: Path
    hidden: bool


Seen = Found | Unlisted | LeftOut


def base_of(paths: Sequence[Path]) -> Path:
    """The folder that ids are relative to: the scanned one, or what holds all that are scanned."""
    return Path(os.path.commonpath([_folder(path) for path in paths]))


def walk(paths: Sequence[Path], prefix: str = "") -> Iterator[Seen]:
    """Everything at and below `paths`, folders in the order of their names.

    A link to a file is read as that file; a link to a folder is left out and said, which also
    keeps loops out. What is named in `paths` itself is scanned even if hidden or a link.
    """
    # Not `resolve`: a link that is named here keeps the name it is given.
    absolute = sorted({Path(os.path.abspath(path)) for path in paths})  # noqa: PTH100
    base = base_of(absolute)
    covered: list[Path] = []
    for path in absolute:
        if any(path.is_relative_to(folder) for folder in covered):
            continue
        if path.is_dir():
            covered.append(path)
            yield from _below(path, base, prefix)
        else:
            yield _file(path, base, prefix)


def _below(top: Path, base: Path, prefix: str) -> Iterator[Seen]:
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            yield Unlisted(folder, f"folder cannot be listed: {error.strerror}")
            continue
        folders: list[Path] = []
        for entry in entries:
            path = Path(entry.path)
            if entry.name.startswith("."):
                yield LeftOut(path, hidden=True)
            elif entry.is_dir(follow_symlinks=False):
                folders.append(path)
            elif path.is_dir():
                yield LeftOut(path, hidden=False)
            else:
                yield _file(path, base, prefix)
        waiting.extend(reversed(folders))


def _file(path: Path, base: Path, prefix: str) -> Found | Unlisted:
    try:
        facts = path.stat()
    except OSError as error:
        return Unlisted(path, error.strerror or "cannot be looked at")
    id_ = content_id(path.relative_to(base), prefix)
    return Found(path, id_, facts.st_size, facts.st_mtime_ns)


def _folder(path: Path) -> Path:
    return path if path.is_dir() else path.parent
