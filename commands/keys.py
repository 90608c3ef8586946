"""`app.py keys`: what programs sign in with."""

import click

from commands.context import actor, database, now
from moderation import keys as rules
from moderation.keys import KeyRefused, Scope


@click.group()
def keys() -> None:
    """Keys of the platform's programs."""


@keys.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([scope.value for scope in Scope]),
    multiple=True,
    required=True,
)
def add(name: str, scopes: tuple[Scope, ...]) -> None:
    """Make a key and print it, the only time that it can be seen."""
    try:
        with database().write() as session:
            key = rules.add(
                session,
                name=name,
                scopes=tuple(Scope(scope) for scope in scopes),
                actor=actor(),
                now=now(),
            )
    except KeyRefused as error:
        raise click.ClickException(str(error)) from error
    click.echo(key)


@keys.command()
@click.argument("name")
def revoke(name: str) -> None:
    """Shut a key at once."""
    try:
        with database().write() as session:
            rules.revoke(session, name=name, actor=actor(), now=now())
    except KeyRefused as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{name} is revoked")


@keys.command("list")
def list_() -> None:
    """All keys by name; the keys themselves cannot be shown."""
    with database().read() as session:
        for row in rules.everything(session):
            used = f"{row.last_used_at:%Y-%m-%d %H:%M}Z" if row.last_used_at else "never used"
            state = "  (revoked)" if row.revoked_at else ""
            click.echo(f"{row.name:<24} {','.join(row.scopes):<30} {used}{state}")
