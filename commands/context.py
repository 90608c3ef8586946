"""What commands share: the settings, the database, and who is acting."""

import getpass
from datetime import UTC, datetime

import click
from sqlalchemy.exc import SQLAlchemyError

from config.settings import Settings, SettingsError, load
from store import migrate
from store.database import Database


def settings() -> Settings:
    """This installation's settings; a faulty environment ends the command with the reasons."""
    try:
        return load()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


def database() -> Database:
    """This installation's database; one that this code cannot work with ends the command."""
    here = Database(settings().database_url)
    try:
        at = migrate.current(here)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).strip()
        raise click.ClickException(f"the database cannot be used: {reason}") from error
    if at != migrate.newest():
        raise click.ClickException(
            f"the database is at migration {at or 'none'} and this code needs {migrate.newest()}; "
            "run `python app.py migrate` first"
        )
    return here


def actor() -> str:
    """How the audit log names whoever runs this command: by their account on this machine."""
    return f"command:{getpass.getuser()}"


def now() -> datetime:
    """The time, aware and UTC."""
    return datetime.now(UTC)
