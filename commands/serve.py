"""`app.py serve`: the console under gunicorn."""

import os
import sys

import click

from commands.context import settings
from config.settings import ROOT


@click.command()
@click.option("--bind", default="127.0.0.1:8000", show_default=True)
def serve(bind: str) -> None:
    """Serve the console with gunicorn."""
    settings()  # say what is wrong here and not once for each worker
    configuration = str(ROOT / "config" / "gunicorn.py")
    arguments = ["-m", "gunicorn", "-c", configuration, "-b", bind, "app:create_app()"]
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 - no shell is meant
