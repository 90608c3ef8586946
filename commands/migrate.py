"""`app.py migrate`: bring the database up to this code."""

import click

from commands.context import settings
from store import migrate as migrations
from store.database import Database


@click.command()
def migrate() -> None:
    """Bring the database to the newest migration."""
    database = Database(settings().database_url)
    migrations.upgrade(database)
    click.echo(f"the database is at migration {migrations.current(database)}")
