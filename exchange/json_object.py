"""JSON from outside: bytes in, checked values out."""

import json
from typing import Any

from exchange.errors import Unavailable


def read_object(body: bytes, where: str) -> dict[str, Any]:
    """A JSON object. `where` names it in errors. Raises Unavailable, without a word of the body."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise Unavailable(f"{where}: the answer is not JSON", status=200) from None
    if not isinstance(document, dict):
        raise Unavailable(f"{where}: the answer is not a JSON object", status=200)
    return document


def text_in(record: dict[str, Any], key: str, limit: int = 255) -> str:
    """The text at `key`; empty where there is none, something else, or more than `limit`."""
    return clean(record.get(key), limit)


def clean(value: object, limit: int = 255) -> str:
    """A text without the characters that JSON can carry and a database refuses (NUL, surrogates)
    or a page cannot show; empty for anything else, or more than `limit`."""
    if not isinstance(value, str) or len(value) > limit:
        return ""
    return "".join(letter for letter in value if letter.isprintable()).strip()


def number_in(record: dict[str, Any], key: str) -> int | None:
    """The whole number at `key`, None where there is none or something else."""
    value = record.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def list_in(record: dict[str, Any], key: str) -> list[Any]:
    """The list at `key`, empty where there is none or something else."""
    value = record.get(key)
    return value if isinstance(value, list) else []
