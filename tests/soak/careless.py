"""The console with a planted fault: whoever claims a hit gets it, whether somebody holds it or not.

For the twin in tests/soak/test_shift.py, which must see it in the books.
"""

from datetime import datetime

from flask import Flask
from sqlalchemy import ColumnElement, true

import app
from moderation import claims
from moderation.people import Identity


def _always(person: Identity, now: datetime) -> ColumnElement[bool]:
    return true()


def create_app() -> Flask:
    """The console, spoilt."""
    claims._free_for = _always
    return app.create_app()
