"""A line as a record: strict, as nobody can be asked what was meant.

A message names the line and never quotes it: what stands in a wrong column may be a fingerprint.
"""

import csv
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from exchange.records import EntryRecord, MediaKind, Member
from matching.fingerprint import Algorithm, Fingerprint

REQUIRED = ("id", "algorithm", "value")
COLUMNS = (*REQUIRED, "kind", "classification", "withdrawn")

_FLAGS: Mapping[object, bool] = {"true": True, "1": True, "false": False, "0": False, "": False}
_LIKE_A_FINGERPRINT = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
_LONGEST_ID, _LONGEST_WORD = 200, 255

Read = Callable[[str], Mapping[str, Any]]
"""Divides a line into its columns. Raises LineError."""


class LineError(ValueError):
    """A line that cannot be kept. Says why, and nothing of what stands in it."""


def reader(suffix: str, first: str | None) -> Read:
    """What divides the lines of a file by its name's suffix. `first` is its first line.

    Raises LineError where that must name the columns and does not.
    """
    if suffix == ".jsonl":
        return _object
    try:
        names = [name.strip().lower() for name in _cells(first or "")]
    except LineError:
        names = []
    known = set(names) <= set(COLUMNS) and len(names) == len(set(names))
    if not known or not set(REQUIRED) <= set(names):
        raise LineError(
            f"the first line must name the columns: {', '.join(REQUIRED)}, and any of "
            f"{', '.join(COLUMNS[len(REQUIRED) :])}"
        )
    return lambda line: _row(names, line)


def read_entry(cells: Mapping[str, Any], member: Member, at: datetime) -> EntryRecord:
    """The record of a line: an entry by its id and its algorithm, so that a picture can have a line
    for each. Raises LineError, and FingerprintError for a value that is none.
    """
    ident, algorithm = _ident(cells.get("id")), _algorithm(cells.get("algorithm"))
    kind = _kind(cells.get("kind"))
    entry_id = f"{ident}:{algorithm}"
    if _withdrawn(cells.get("withdrawn")):
        return EntryRecord(member, entry_id, kind, at, withdrawn=True)
    value = cells.get("value")
    if not isinstance(value, str):
        raise LineError("value must be a text of hex digits")
    return EntryRecord(
        member,
        entry_id,
        kind,
        at,
        classification=_word(cells.get("classification"), "classification", _LONGEST_WORD) or None,
        fingerprints=(Fingerprint.parse(algorithm, value),),
    )


def _cells(line: str) -> list[str]:
    try:
        (row,) = csv.reader([line], strict=True)
    except (csv.Error, ValueError):
        raise LineError("it is no line of comma-separated values") from None
    return row


def _row(names: Sequence[str], line: str) -> Mapping[str, Any]:
    cells = _cells(line)
    if len(cells) != len(names):
        raise LineError(f"it has {len(cells)} columns, the first line names {len(names)}")
    return {name: cell.strip() for name, cell in zip(names, cells, strict=True)}


def _object(line: str) -> Mapping[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise LineError("it is no JSON object")
    if not set(found) <= set(COLUMNS):
        raise LineError(f"it has a key that is none of {', '.join(COLUMNS)}")
    return found


def _ident(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    ident = _word(value, "id", _LONGEST_ID)
    if not ident:
        raise LineError("it has no id")
    return ident


def _word(value: object, name: str, longest: int) -> str:
    """A word that will be shown. One that looks like a fingerprint must not be."""
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > longest or not value.isprintable():
        raise LineError(f"{name} must be a text of at most {longest} characters")
    if _LIKE_A_FINGERPRINT.search(value):
        raise LineError(f"{name} looks like a fingerprint, and it would be shown and logged")
    return value.strip()


def _algorithm(value: object) -> Algorithm:
    try:
        return Algorithm(value.strip().lower() if isinstance(value, str) else "")
    except ValueError:
        raise LineError(f"algorithm must be one of {', '.join(Algorithm)}") from None


def _kind(value: object) -> MediaKind:
    try:
        return MediaKind(value if isinstance(value, str) else "") if value else MediaKind.IMAGE
    except ValueError:
        raise LineError(f"kind must be one of {', '.join(MediaKind)}") from None


def _withdrawn(value: object) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    flag = _FLAGS.get(value.lower()) if isinstance(value, str) else None
    if flag is None:
        raise LineError("withdrawn must be true or false")
    return flag
