"""The lines of a file, some at a time, as they are: bytes with their numbers."""

from dataclasses import dataclass
from typing import BinaryIO

LONGEST = 4096
"""Bytes of a line."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end; `text` is None where it is too long or not UTF-8."""

    number: int
    text: str | None


def read_lines(file: BinaryIO, number: int, count: int) -> tuple[list[Line], bool]:
    """At most `count` lines from where the file stands, and whether that was the end of it.

    `number` is how many lines lie before. Empty lines are counted and left out. Memory is bounded
    whatever the file holds.
    """
    lines: list[Line] = []
    for at in range(number + 1, number + 1 + count):
        piece = file.readline(LONGEST + 1)
        if not piece:
            return lines, True
        whole = len(piece) <= LONGEST
        while len(piece) > LONGEST and not piece.endswith(b"\n"):
            piece = file.readline(LONGEST + 1)
        if whole and not piece.strip():
            continue
        lines.append(Line(at, _text(piece, first=at == 1) if whole else None))
    return lines, False


def _text(piece: bytes, *, first: bool) -> str | None:
    """The text, without a mark of byte order, which some spreadsheets put before the first line."""
    try:
        return piece.decode("utf-8-sig" if first else "utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        return None
