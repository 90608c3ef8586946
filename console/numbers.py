"""Numbers in addresses: those that a row can have. Any other is an address that does not exist."""

from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter

LARGEST = 2**63 - 1  # of a 64-bit key; databases refuse a larger one with an error


class RowNumber(IntegerConverter):
    """`<int:…>` in a route."""

    def __init__(self, *arguments: Any, **rules: Any) -> None:
        super().__init__(*arguments, **{"max": LARGEST, **rules})


def install(app: Flask) -> None:
    """Use it for every `<int:…>`. Before the routes are registered."""
    app.url_map.converters["int"] = RowNumber
