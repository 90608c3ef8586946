"""What members, users and entries may be called: printable, bounded, safe in XML and SQL."""

import re
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

MAX_ID = 2**31 - 1
"""Members are numbered; the protocol's clients read the number as an integer."""

_USERNAME = re.compile(r"[A-Za-z0-9._@-]{1,64}", re.ASCII)
ENTRY_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("a name is printable characters only")
    return value


def is_username(text: str) -> bool:
    """Whether an account can have this name. Anything else need not be looked up."""
    return _USERNAME.fullmatch(text) is not None


def _username(value: str) -> str:
    if not is_username(value):
        raise ValueError("a username is 1 to 64 letters, digits or . _ @ -")
    return value


MemberName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100, strip_whitespace=True),
    AfterValidator(_printable),
]
Username = Annotated[str, AfterValidator(_username)]
