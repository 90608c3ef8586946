"""How the platform's files are named to the console: an opaque id made from the path."""

import hashlib
from pathlib import PurePath

LONGEST = 200
"""Characters, the console's limit for an id."""


def content_id(relative: PurePath, prefix: str = "") -> str:
    """The path below the scanned folder, with `/` between its parts, behind `prefix`.

    What is no printable text is written with backslashes, so that every path has an id and two
    paths never share one. An id that would be too long keeps its head and ends in a digest.
    """
    whole = prefix + printable(relative)
    if len(whole) <= LONGEST:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()
    return f"{whole[: LONGEST - len(digest) - 1]}~{digest}"


def printable(path: PurePath) -> str:
    """The path as text that a terminal and JSON can carry, whatever bytes its name holds.

    A backslash is doubled, so that no name can look like another's escape.
    """
    return "".join(c if c.isprintable() and c != "\\" else _escape(c) for c in str(path))


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
