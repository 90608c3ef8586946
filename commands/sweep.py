"""`app.py sweep`: hold what is stored against what is new on the list, here and now."""

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from commands.context import now, settings
from jobs.runtime import build
from moderation import index, sweeps


@click.command()
@click.option(
    "--since",
    type=click.IntRange(0),
    help="Hold everything stored against all that was listed after this index version, again.",
)
def sweep(since: int | None) -> None:
    """Match stored content against entries that are new since the last sweep, with progress.

    Workers may be at it too: the chunks are shared. Interrupted, it goes on where it was.
    """
    parts = build(settings())
    with parts.database.write() as session:
        index.new_version(session, now())
        if since is not None:
            sweeps.again(session, since)
    index.ensure_current(parts.database, parts.index)
    open_ = sweeps.open_sweeps(parts.database)
    if not open_:
        click.echo("nothing is new on the list since the last sweep")
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("chunks"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        for sweep_id in open_:
            task = bar.add_task(f"sweep {sweep_id}")
            while True:
                with parts.database.read() as session:
                    (state,) = sweeps.progress(session, [sweep_id])
                bar.update(task, total=state.chunks, completed=state.done)
                policy = parts.settings.policy
                if not sweeps.sweep_next(parts.database, parts.index, policy, sweep_id, now()):
                    break
    sweeps.tidy(parts.database, parts.index)
    with parts.database.read() as session:
        done = sweeps.progress(session, open_)
        left = len(sweeps.unfinished(session))
    contents, hits = sum(one.contents for one in done), sum(one.hits for one in done)
    click.echo(f"{contents} items held against what is new, {hits} hits opened or added to")
    if left:
        click.echo(f"{left} sweep(s) have chunks in other workers' hands; they go on there")
