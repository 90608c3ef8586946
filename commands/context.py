"""What commands share: the settings, the database, and who is acting."""

import getpass
from datetime import UTC, datetime

import click

from config.settings import Settings, SettingsError, load
from store.database import Database


def settings() -> Settings:
    """This installation's settings; a faulty environment ends the command with the reasons."""
    try:
        return load()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


def database() -> Database:
    """This installation's database."""
    return Database(settings().database_url)


def actor() -> str:
    """How the audit log names whoever runs this command: by their account on this machine."""
    return f"command:{getpass.getuser()}"


def now() -> datetime:
    """The time, aware and UTC."""
    return datetime.now(UTC)
