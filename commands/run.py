"""`app.py run`: everything on this machine with one command."""

import os
import sys
from contextlib import ExitStack
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from config.settings import ROOT, SettingsError, load
from local import stack
from local.redis import NoRedis, private_redis
from local.stack import AlreadyRunning, Ports, PortTaken
from store import migrate
from store.database import Database


@click.command()
@click.option("--port", envvar="PORT", default=8000, show_default=True)
@click.option("--registry-port", envvar="REGISTRY_PORT", default=8001, show_default=True)
@click.option("--platform-port", envvar="PLATFORM_PORT", default=8002, show_default=True)
@click.option("--data-dir", envvar="DATA_DIR", default=str(ROOT / "var"), show_default=True)
@click.option("--workers", envvar="WORKERS", default=2, show_default=True)
@click.option("--demo/--no-demo", envvar="DEMO", default=True, help="Load the small demo.")
def run(
    port: int, registry_port: int, platform_port: int, data_dir: str, workers: int, demo: bool
) -> None:
    """Start Redis, the registry, the console, workers and cron; Ctrl-C stops everything.

    Starting again goes on where it was. REDIS_URL and DATABASE_URL use what is there already.
    """
    folder = Path(data_dir).resolve()
    ports = Ports(port, registry_port, platform_port)
    try:
        with ExitStack() as open_:
            open_.enter_context(stack.alone(folder))
            ports.check_free()
            click.echo("starting Redis")
            url = os.environ.get("REDIS_URL") or open_.enter_context(
                private_redis(folder / "redis")
            )
            environ = stack.environment(folder, url, ports)
            database = Database(load(environ).database_url)
            click.echo("migrating the database")
            migrate.upgrade(database)
            database.close()
            click.echo(f"starting the processes; their logs are in {folder / 'logs'}")
            commands = stack.processes(ports, workers, demo=demo)
            ended = stack.run(commands, environ, folder / "logs")
    except (AlreadyRunning, NoRedis, OSError, PortTaken, SettingsError, SQLAlchemyError) as error:
        raise click.ClickException(str(error)) from error
    if ended.failed:
        log = folder / "logs" / f"{ended.failed}.log"
        click.echo(f"{ended.failed} ended with code {ended.code}; {log} may say why", err=True)
    click.echo("stopped")
    sys.exit(ended.code if ended.failed else 0)
