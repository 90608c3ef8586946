"""`app.py sources`: connections to registries."""

import click

from commands.context import actor, database, now, settings
from exchange.errors import ExchangeError
from exchange.registry import KINDS
from jobs import connections
from jobs import sync as sync_jobs
from jobs.runtime import build
from moderation import sources as rules
from moderation.sources import SourceRefused


@click.group()
def sources() -> None:
    """Connections to registries."""


@sources.command()
@click.argument("name")
@click.option("--kind", type=click.Choice(list(KINDS)), required=True)
@click.option("--url", required=True, help="The registry's base URL.")
@click.option("--secret", required=True, help="Name of the secret: NAME is read from SECRET_NAME.")
@click.option("--member", "members", multiple=True, help="Only entries of this member id.")
def add(name: str, kind: str, url: str, secret: str, members: tuple[str, ...]) -> None:
    """Add a source. It is read with the next sync."""
    try:
        with database().write() as session:
            rules.add(
                session,
                name=name,
                kind=kind,
                base_url=url,
                secret_name=secret,
                member_ids=members,
                actor=actor(),
                now=now(),
            )
    except SourceRefused as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{name} is added")


@sources.command()
@click.argument("name")
def test(name: str) -> None:
    """Ask the registry who we are to it."""
    parts = build(settings())
    try:
        with parts.database.read() as session:
            source = rules.by_name(session, name)
        with connections.registry(parts, source.id) as client:
            member = client.whoami()
    except (SourceRefused, ExchangeError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{name} answers; we are member {member.id}, {member.name}")


@sources.command()
@click.argument("name")
@click.option("--off", is_flag=True, help="Go on reading it.")
def pause(name: str, off: bool) -> None:
    """Stop reading a source, or go on with --off."""
    try:
        with database().write() as session:
            rules.set_paused(session, name, paused=not off, actor=actor(), now=now())
    except SourceRefused as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{name} is {'read again' if off else 'paused'}")


@sources.command()
@click.argument("name")
def sync(name: str) -> None:
    """Read a source now, here, to its end."""
    parts = build(settings())
    try:
        with parts.database.read() as session:
            source = rules.by_name(session, name)
    except SourceRefused as error:
        raise click.ClickException(str(error)) from error
    if source.paused:
        raise click.ClickException(f"{name} is paused; `sources pause {name} --off` reads it again")
    sync_jobs.sync_source(source.id)
    with parts.database.read() as session:
        run = rules.runs(session, source.id)[0]
    if run.error:
        raise click.ClickException(run.error)
    click.echo(
        f"{name}: {run.pages} page(s), {run.added} added, {run.changed} changed, "
        f"{run.withdrawn} withdrawn, {run.problems} unreadable"
    )


@sources.command("list")
def list_() -> None:
    """All sources with their counts."""
    with database().read() as session:
        for source in rules.everything(session):
            when = f"{source.synced_at:%Y-%m-%d %H:%M:%S}Z" if source.synced_at else "never read"
            state = "  (paused)" if source.paused else ""
            click.echo(
                f"{source.name:<20} {source.kind:<8} {source.active:>9} entries  {when}{state}"
            )
