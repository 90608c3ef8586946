"""The registry's command line: submit as a person would, run it, keep its members."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import click
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.progress import track

from exchange.errors import ExchangeError
from matching.reading import Unreadable
from registry.case_form import MAX_ITEMS, Classification
from registry.device import Prepared, RegistryOverHttp, prepare
from registry.members import (
    AccountTaken,
    add_account,
    list_accounts,
    list_members,
    put_member,
    revoke_account,
)
from registry.names import MAX_ID, MemberName, Username
from registry.passwords import new_password
from registry.services import Services
from registry.settings import RegistrySettingsError, load
from registry.tables import Member

ROOT = Path(__file__).resolve().parent.parent

_address = click.option(
    "--registry",
    "url",
    envvar="REGISTRY_URL",
    default="http://127.0.0.1:8001",
    show_default=True,
    help="The registry's address.",
)
_pin = click.option("--pin", prompt=True, hide_input=True, envvar="REGISTRY_PIN", help="Asked for.")


@click.group()
def registry() -> None:
    """A registry of one's own: people submit fingerprints, platforms read the list."""


@registry.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--classification", type=click.Choice(get_args(Classification)))
@_address
def submit(files: tuple[Path, ...], classification: str | None, url: str) -> None:
    """Fingerprint FILES here and send only the fingerprints; print case numbers and PINs."""
    prepared = _prepare(files)
    if not prepared:
        raise click.ClickException("none of the files gives a fingerprint; nothing was sent")
    with _registry(url) as there:
        for begin in range(0, len(prepared), MAX_ITEMS):
            batch = prepared[begin : begin + MAX_ITEMS]
            try:
                opened = there.open_case([each.item for each in batch], classification)
            except ExchangeError as error:
                rest = f"\nnot submitted: {prepared[begin].path} and all after it" if begin else ""
                raise click.ClickException(f"{error}{rest}") from None
            click.echo(f"case {opened.number}  PIN {opened.pin}  ({_files(len(batch))})")
    click.echo("Write number and PIN down: the PIN is not shown again.")


@registry.command()
@click.argument("number")
@_pin
@_address
def show(number: str, pin: str, url: str) -> None:
    """How the case NUMBER stands."""
    with _registry(url) as there:
        _print_case(there.show(number, pin))


@registry.command()
@click.argument("number")
@_pin
@_address
@click.confirmation_option(prompt="Take everything in this case off the list, for good?")
def withdraw(number: str, pin: str, url: str) -> None:
    """Take the case NUMBER back: its fingerprints are erased, platforms are told."""
    with _registry(url) as there:
        _print_case(there.withdraw(number, pin))


@registry.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), help="REGISTRY_PORT by default.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True)
def serve(host: str, port: int | None, workers: int) -> None:
    """Run the registry under gunicorn. Settings come from REGISTRY_... in the environment.

    One worker with threads by default: rate limits are counted in its memory. With more, give
    REGISTRY_RATE_LIMIT_STORAGE a Redis.
    """
    with _faults():
        settings = load()
    arguments = {
        "bind": f"{host}:{port or settings.port}",
        "workers": str(workers),
        "worker-class": "gthread",
        "threads": "8",
        "timeout": "60",
        "log-level": "warning",
        "pythonpath": str(ROOT),
    }
    options = [f"--{name}={value}" for name, value in arguments.items()]
    command = [sys.executable, "-m", "gunicorn", "--no-control-socket", *options]
    os.execv(sys.executable, [*command, "registry.app:from_environment()"])  # noqa: S606


@registry.group()
def members() -> None:
    """Who may read the list and vote."""


@members.command("add")
@click.option("--id", "member_id", type=click.IntRange(1, MAX_ID), required=True)
@click.option("--name", help="Needed for a new member; renames one that exists.")
@click.option("--username", required=True)
def add_member(member_id: int, name: str | None, username: str) -> None:
    """Let a member sign in by USERNAME. Prints a new password, once."""
    with _faults():
        username = TypeAdapter(Username).validate_python(username)
        name = TypeAdapter(MemberName | None).validate_python(name)
        password = new_password()
        with _services() as made, made.database.writing() as (session, _):
            member = session.get(Member, member_id)
            if name:
                member = put_member(session, member_id, name)
            if member is None:
                raise click.ClickException(f"member {member_id} is new: give its --name")
            add_account(session, made.passwords, member, username, password)
    click.echo(f"{username}  {password}")
    click.echo("The password is not shown again.", err=True)


@members.command("list")
def show_members() -> None:
    """Members and the usernames that sign in for them."""
    with _faults(), _services() as made, made.database.reading() as session:
        names: dict[int, list[str]] = {}
        for account in list_accounts(session):
            names.setdefault(account.member_id, []).append(account.username)
        for member in list_members(session):
            click.echo(f"{member.id:>6}  {member.name}  {' '.join(names.get(member.id, ['–']))}")


@members.command("revoke")
@click.argument("username")
def revoke(username: str) -> None:
    """Let nobody sign in by USERNAME any more."""
    with _faults(), _services() as made, made.database.writing() as (session, _):
        if not revoke_account(session, username):
            raise click.ClickException(f"there is no account {username}")
    click.echo(f"{username} is revoked")


def _prepare(files: tuple[Path, ...]) -> list[Prepared]:
    """Fingerprint, with progress; name what cannot be, and what is listed for exact copies only."""
    console = Console(stderr=True)
    prepared: list[Prepared] = []
    for path in track(files, "fingerprinting here", console=console, transient=True):
        try:
            made = prepare(path)
        except Unreadable as error:
            click.echo(f"skipped {path}: {error.reason}", err=True)
            continue
        if made.exact_only:
            click.echo(f"{path}: too plain for altered copies, exact copies only", err=True)
        prepared.append(made)
    return prepared


@contextmanager
def _registry(url: str) -> Iterator[RegistryOverHttp]:
    try:
        with RegistryOverHttp(url) as there:
            yield there
    except (ExchangeError, ValueError) as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def _services() -> Iterator[Services]:
    made = Services.build(load())
    made.database.create()
    try:
        yield made
    finally:
        made.database.close()


@contextmanager
def _faults() -> Iterator[None]:
    """What an operator can mend is said without a traceback."""
    try:
        yield
    except (AccountTaken, RegistrySettingsError) as error:
        raise click.ClickException(str(error)) from None
    except ValidationError as error:
        said = error.errors(include_input=False)[0]["msg"].removeprefix("Value error, ")
        raise click.ClickException(said) from None


def _print_case(case: dict[str, Any]) -> None:
    click.echo(f"case {case['case']}, submitted {case['submitted']}")
    for item in case["items"]:
        click.echo(f"{item['item']:>3}  {item['words']}")


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"
