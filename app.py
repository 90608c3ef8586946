"""The composition root: the console for WSGI servers, and the command line.

Commands are imported when they are called: a person who adds a colleague does not wait for the
search index to load.
"""

from importlib import import_module

import click
from flask import Flask

from config.settings import Settings, load

COMMANDS = {
    "run": "commands.run",
    "serve": "commands.serve",
    "worker": "commands.work",
    "cron": "commands.work",
    "migrate": "commands.migrate",
    "scan": "scanner.command",
    "sweep": "commands.sweep",
    "people": "commands.people",
    "keys": "commands.keys",
    "sources": "commands.sources",
    "audit": "commands.audit",
    "registry": "registry.commands",
}


def create_app(settings: Settings | None = None) -> Flask:
    """The console. Without `settings` they are read from the environment (SettingsError)."""
    from config import logs
    from console.application import build
    from console.keeper import Keeper
    from console.parts import Parts
    from jobs import runtime
    from jobs.registries import Registries

    settings = settings or load()
    logs.configure()
    parts = runtime.build(settings)
    app = build(
        settings,
        Parts(
            database=parts.database,
            policy=settings.policy,
            index=parts.index,
            wake=parts.wake,
            registries=Registries(parts),
        ),
    )
    app.extensions["keeper"] = Keeper(parts.database, parts.index)  # config.gunicorn starts it
    return app


class Commands(click.Group):
    """The command line: each command from its own module."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, None for an unknown one."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(COMMANDS[cmd_name]), cmd_name)
        return command


@click.command(cls=Commands)
def main() -> None:
    """The takedown console."""


if __name__ == "__main__":
    main()
