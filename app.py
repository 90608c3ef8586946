"""The composition root: the console for WSGI servers, and the command line."""

import click
from flask import Flask

from commands.audit import audit
from commands.keys import keys
from commands.people import people
from commands.run import run
from commands.sources import sources
from commands.sweep import sweep
from commands.work import cron, migrate, serve, worker
from config import logs
from config.settings import Settings, load
from console.application import build
from console.parts import Parts
from jobs.wake import Wake
from matching.index import IndexDirectory
from registry.commands import registry
from scanner.command import scan
from store.database import Database


def create_app(settings: Settings | None = None) -> Flask:
    """The console. Without `settings` they are read from the environment (SettingsError)."""
    settings = settings or load()
    logs.configure()
    return build(
        settings,
        Parts(
            database=Database(settings.database_url),
            policy=settings.policy,
            index=IndexDirectory(settings.index_dir),
            wake=Wake(settings.redis_url),
        ),
    )


@click.group()
def main() -> None:
    """The takedown console."""


for command in (
    run,
    scan,
    migrate,
    serve,
    worker,
    cron,
    people,
    keys,
    sources,
    sweep,
    audit,
    registry,
):
    main.add_command(command)

if __name__ == "__main__":
    main()
