"""`app.py worker|cron`: what runs in the background."""

import click

from commands.context import settings
from config import logs
from jobs import cron as cron_table
from jobs import queues
from jobs import worker as workers
from matching.index import IndexDirectory
from moderation import index


@click.command()
@click.option("--count", default=2, show_default=True, help="Worker processes.")
def worker(count: int) -> None:
    """Run a pool of workers."""
    logs.configure()
    here = settings()
    index.refuse_damaged(IndexDirectory(here.index_dir))
    workers.run(here.redis_url, count)


@click.command()
def cron() -> None:
    """Run the cron table. One for the whole installation is enough; two do no harm."""
    logs.configure()
    here = settings()
    cron_table.run(queues.connect(here.redis_url), here.policy)
