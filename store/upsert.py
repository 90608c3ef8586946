"""INSERT … ON CONFLICT, which SQLite and PostgreSQL both have and SQLAlchemy spells for each."""

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from store.base import Base

INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def insert(session: Session, table: type[Base]) -> Any:
    """An INSERT into `table` that takes `.on_conflict_do_nothing` and `.on_conflict_do_update`."""
    return INSERT[session.get_bind().dialect.name](table)
