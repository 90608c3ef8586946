"""What commands share: the installation's parts, and who is acting."""

import getpass
from datetime import UTC, datetime

import click

from config.settings import SettingsError, load
from jobs.runtime import Runtime, build


def installation() -> Runtime:
    """The parts of this installation; a faulty environment ends the command with the reasons."""
    try:
        return build(load())
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


def actor() -> str:
    """How the audit log names whoever runs this command: by their account on this machine."""
    return f"command:{getpass.getuser()}"


def now() -> datetime:
    """The time, aware and UTC."""
    return datetime.now(UTC)
