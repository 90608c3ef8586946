"""`app.py migrate|serve|worker|cron`: the processes of an installation."""

import os
import sys
from pathlib import Path

import click

from commands.context import installation
from config import logs
from jobs import cron as cron_table
from jobs import queues
from jobs import worker as workers
from store import migrate as migrations

GUNICORN = Path(__file__).resolve().parent.parent / "config" / "gunicorn.py"


@click.command()
def migrate() -> None:
    """Bring the database to the newest migration."""
    database = installation().database
    migrations.upgrade(database)
    click.echo(f"the database is at migration {migrations.current(database)}")


@click.command()
@click.option("--bind", default="127.0.0.1:8000", show_default=True)
def serve(bind: str) -> None:
    """Serve the console with gunicorn."""
    installation()  # say what is wrong here and not once for each worker
    arguments = ["-m", "gunicorn", "-c", str(GUNICORN), "-b", bind, "app:create_app()"]
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 - no shell is meant


@click.command()
@click.option("--count", default=2, show_default=True, help="Worker processes.")
def worker(count: int) -> None:
    """Run a pool of workers."""
    logs.configure()
    workers.run(installation().settings.redis_url, count)


@click.command()
def cron() -> None:
    """Run the cron table. One for the whole installation is enough; two do no harm."""
    logs.configure()
    settings = installation().settings
    cron_table.run(queues.connect(settings.redis_url), settings.policy)
