"""`app.py people`: who can sign in."""

import secrets

import click

from commands.context import actor, database, now
from moderation import people as rules
from moderation.people import PersonError
from moderation.permissions import Role


@click.group()
def people() -> None:
    """People who sign in to the console."""


@people.command()
@click.argument("login")
@click.option("--name", required=True, help="The name that colleagues see.")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--generate", is_flag=True, help="Make a password and print it once.")
def add(login: str, name: str, role: str, generate: bool) -> None:
    """Add a person. The password is asked for, or made with --generate."""
    password = _password(generate)
    try:
        with database().write() as session:
            rules.add(
                session,
                login=login,
                name=name,
                role=role,
                password=password,
                actor=actor(),
                now=now(),
            )
    except PersonError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{login} is added{f', password {password}' if generate else ''}")


@people.command()
@click.argument("login")
@click.option("--generate", is_flag=True, help="Make a password and print it once.")
def password(login: str, generate: bool) -> None:
    """Give a person a new password; their sessions end."""
    new = _password(generate)
    try:
        with database().write() as session:
            rules.set_password(session, login=login, password=new, actor=actor(), now=now())
    except PersonError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{login} has a new password{f': {new}' if generate else ''}")


@people.command()
@click.argument("login")
@click.option("--back", is_flag=True, help="Let the person in again.")
def deactivate(login: str, back: bool) -> None:
    """Shut a person out; their sessions end, what they did stays."""
    try:
        with database().write() as session:
            rules.set_active(session, login=login, active=back, actor=actor(), now=now())
    except PersonError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{login} is {'let in again' if back else 'shut out'}")


@people.command("list")
def list_() -> None:
    """Everybody."""
    with database().read() as session:
        for one in rules.everyone(session):
            state = "" if one.active else "  (shut out)"
            click.echo(f"{one.login:<20} {one.role:<10} {one.name}{state}")


def _password(generate: bool) -> str:
    if generate:
        return secrets.token_urlsafe(12)
    entered: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return entered
