"""`scan PATH…`: the platform's own files, fingerprinted where they lie."""

import os
import signal
import sys
from contextlib import closing
from pathlib import Path

import click
from rich.console import Console

from exchange.errors import ExchangeError
from matching.limits import DEFAULT_LIMITS, MediaLimits
from scanner.api import ContentApi, Context
from scanner.run import Task, run
from scanner.state import State, StateError, default_path


@click.command()
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="PATH…"
)
@click.option(
    "--console",
    "address",
    default="http://127.0.0.1:8000",
    show_default=True,
    envvar="CONSOLE_URL",
    show_envvar=True,
    help="The console's address: https, or http on this machine.",
)
@click.option(
    "--key",
    required=True,
    envvar="CONSOLE_API_KEY",
    show_envvar=True,
    help="The API key. Others on this machine can read a command line: prefer the variable.",
)
@click.option("--prefix", default="", help="Put before each path to make the content's id.")
@click.option("--surface", help="Where on the platform these were posted, as context.")
@click.option("--uploader", help="The platform's own id of who posted these, as context.")
@click.option(
    "--processes",
    type=click.IntRange(1, 256),
    default=lambda: len(os.sched_getaffinity(0)),
    show_default="one a core",
    help="How many files are read at a time.",
)
@click.option(
    "--max-seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=DEFAULT_LIMITS.max_seconds,
    show_default=True,
    help="Time for one file; a film longer than it can be decoded in this is unreadable.",
)
@click.option(
    "--max-pixels",
    type=click.IntRange(min=1),
    default=DEFAULT_LIMITS.max_pixels,
    show_default=True,
    help="Width times height of one picture.",
)
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=60,
    show_default=True,
    help="Seconds to wait for the console to match what was sent. 0: do not count matches.",
)
@click.option(
    "--patience",
    type=click.FloatRange(min=0),
    default=120,
    show_default=True,
    help="Seconds to go on trying while the console does not answer or is too busy.",
)
@click.option(
    "--state",
    "state_path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=default_path,
    show_default="$DATA_DIR/scan.sqlite or ~/.local/state/takedown-console/scan.sqlite",
    help="Where it is kept which files are done. Without this file all are done again.",
)
def scan(
    paths: tuple[Path, ...],
    address: str,
    key: str,
    prefix: str,
    surface: str | None,
    uploader: str | None,
    processes: int,
    max_seconds: float,
    max_pixels: int,
    wait: float,
    patience: float,
    state_path: Path,
) -> None:
    """Fingerprint files and folders here and send the fingerprints to the console.

    The files stay where they are: neither they nor anything one could see them by is sent or
    kept. A file's id is its path below PATH (with several, below the folder that holds them
    all). Started again, it goes on where it was interrupted and skips what the console has
    accepted, until the file changes. Hidden files and links to folders are left out.

    Ends with 0 if everything that could be read was accepted, with 1 if anything could not be
    sent or nothing could be read, with 130 if interrupted.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    task = Task(
        paths=paths,
        prefix=prefix,
        context=Context(surface, uploader),
        limits=MediaLimits(max_pixels=max_pixels, max_seconds=max_seconds),
        processes=processes,
        wait=wait,
    )
    try:
        with (
            closing(ContentApi(address, key, patience)) as api,
            State(state_path, api.address) as state,
        ):
            outcome = run(task, api, state, Console())
    except (StateError, ExchangeError) as error:
        raise click.ClickException(str(error)) from None
    for line in outcome.counts.lines():
        click.echo(line)
    if outcome.remark:
        click.echo(outcome.remark, err=True)
    sys.exit(outcome.exit_code)
