"""`app.py migrate`: bring the database up to this code."""

import click

from commands import context
from store import migrate as migrations


@click.command()
def migrate() -> None:
    """Bring the database to the newest migration."""
    database = context.database()
    migrations.upgrade(database)
    click.echo(f"the database is at migration {migrations.current(database)}")
