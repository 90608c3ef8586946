"""The client: a file as a registry that only ever hands out its list."""

from collections.abc import Collection, Sequence
from datetime import datetime
from io import BufferedReader
from pathlib import Path
from typing import ClassVar

from exchange.closing import Closing
from exchange.errors import Refused, Unavailable
from exchange.file_list.lines import LONGEST, Line, read_lines
from exchange.file_list.opening import digest_of, opened, path_of, stamp_of
from exchange.file_list.parse import LineError, Read, read_entry, reader
from exchange.file_list.place import Place
from exchange.records import (
    Checkpoint,
    EntryRecord,
    Member,
    Outcome,
    Page,
    Problem,
    Reason,
    Receipt,
    Told,
)
from matching.fingerprint import Algorithm, FingerprintError

PAGE_SIZE = 1000
"""Lines a page."""


class FileListClient(Closing):
    """One file, `.csv` or `.jsonl`. The file is the list: what is no longer in it is withdrawn.

    `address` is `file:///folder/name.csv`. There are no credentials, no members and no way back.
    Every method raises Unavailable and Refused. Safe to share between threads.
    """

    told: ClassVar[frozenset[Told]] = frozenset()
    needs_secret: ClassVar[bool] = False

    def __init__(self, address: str, credentials: str, *, member_ids: Collection[str] = ()) -> None:
        if member_ids:
            raise Refused("file list: a file names no members; leave the member ids empty")
        self._path: Path = path_of(address)
        self._where = f"file list {self._path}"
        self._member = Member("file", self._path.name)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._path)!r})"

    def close(self) -> None:
        """Nothing is kept open."""

    def whoami(self) -> Member:
        """The file, once it was opened and its first line understood."""
        with opened(self._path) as file:
            self._reader(file)
        return self._member

    def fetch(self, checkpoint: Checkpoint | None, now: datetime) -> Page:
        """The next lines, of a file that has changed since it was read last.

        A file that changes meanwhile is read again from its beginning.
        """
        before = Place.load(checkpoint)
        with opened(self._path) as file:
            place = self._place(file, before, now)
            if place.offset is None:
                return Page((), (), place.dump(), more=False)
            read = self._reader(file)
            header = self._path.suffix.lower() == ".csv" and place.line == 0
            file.seek(place.offset)
            lines, ended = read_lines(file, place.line, PAGE_SIZE)
            past = place.past(None if ended else file.tell(), place.line + PAGE_SIZE)
            if stamp_of(file) != place.stamp:
                raise Unavailable(
                    f"{self._where}: it is being written; write beside it and rename into place"
                )
        entries, problems = self._entries(lines[header:], read, place.began)
        gone_before = place.began if ended else None
        return Page(entries, problems, past.dump(), more=not ended, gone_before=gone_before)

    def reasons(self, algorithm: Algorithm) -> tuple[Reason, ...]:
        """None: nobody is told."""
        return ()

    def report(self, outcome: Outcome) -> Receipt:
        """Raises Refused: a file takes no outcome."""
        raise Refused("file list: a file cannot be told of an outcome")

    def _place(self, file: BufferedReader, before: Place | None, now: datetime) -> Place:
        """Where to read on: in the state of the file that was being read, or in a new one."""
        stamp = stamp_of(file)
        if before is not None and before.stamp == stamp:
            return before
        digest = digest_of(file)
        if before is not None and before.digest == digest:
            return Place(stamp, digest, before.began, before.offset, before.line)
        return Place.beginning(stamp, digest, now, before)

    def _reader(self, file: BufferedReader) -> Read:
        """What divides this file's lines. Raises Refused where its columns are not named."""
        file.seek(0)
        lines, _ = read_lines(file, 0, 1)
        try:
            return reader(self._path.suffix.lower(), lines[0].text if lines else None)
        except LineError as error:
            raise Refused(f"{self._where}: {error}") from None

    def _entries(
        self, lines: Sequence[Line], read: Read, at: datetime
    ) -> tuple[tuple[EntryRecord, ...], tuple[Problem, ...]]:
        """The records of the lines. A bad line costs that line and is named by its number."""
        entries: dict[str, EntryRecord] = {}
        problems: list[Problem] = []
        for line in lines:
            try:
                entry = self._entry(line, read, at)
            except (LineError, FingerprintError) as error:
                what, entry_id = str(error), None
            else:
                entry_id = entry.entry_id
                if entries.setdefault(entry_id, entry) is entry:
                    continue
                what = "its id and algorithm stand in an earlier line already"
            told = f"line {line.number}: {what}; it is left out"
            problems.append(Problem(told, self._member.id, entry_id))
        return tuple(entries.values()), tuple(problems)

    def _entry(self, line: Line, read: Read, at: datetime) -> EntryRecord:
        if line.text is None:
            raise LineError(f"it is longer than {LONGEST} bytes, or not UTF-8")
        return read_entry(read(line.text), self._member, at)
