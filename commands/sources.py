"""`app.py sources`: connections to registries."""

from dataclasses import replace
from typing import Any

import click

from commands.context import actor, database, now, settings
from exchange.registry import KINDS
from jobs import sync as sync_jobs
from jobs.registries import Registries
from jobs.runtime import Runtime, build
from moderation import source_list
from moderation import sources as rules
from moderation.source_list import RunFacts, SourceFacts
from moderation.source_settings import SourceRefused, SourceSettings, settings_of
from moderation.sources import NoAnswer
from store.source import Source

POLICY = "policy"


class OrPolicy(click.ParamType[Any]):
    """A number, or the word `policy` for what the policy says."""

    def __init__(self, number: click.ParamType[Any]) -> None:
        self.name = f"{number.name}|{POLICY}"
        self._number = number

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number, or POLICY."""
        return POLICY if value == POLICY else self._number.convert(value, param, ctx)


due_hours = click.option("--due-hours", type=OrPolicy(click.FLOAT), help="Hits are due after.")
distance = click.option("--distance", type=OrPolicy(click.INT), help="Greatest distance in bits.")
quality = click.option("--quality", type=OrPolicy(click.INT), help="Least quality, up to 100.")


@click.group()
def sources() -> None:
    """Connections to registries."""


@sources.command()
@click.argument("name")
@click.option("--kind", type=click.Choice(list(KINDS)), required=True)
@click.option("--url", required=True, help="The registry's base URL.")
@click.option("--secret", default="", help="Name of the secret: NAME is read from SECRET_NAME.")
@click.option("--member", "members", multiple=True, help="Only entries of this member id.")
@due_hours
@distance
@quality
def add(name: str, kind: str, url: str, secret: str, members: tuple[str, ...], **own: Any) -> None:
    """Add a source. It is read with the next sync."""
    parts = _parts()
    wanted = SourceSettings(url, secret, members, **_own(own))
    try:
        with parts.database.write() as session:
            rules.add(
                session,
                name=name,
                kind=Registries(parts).kinds()[kind],
                settings=wanted,
                policy=parts.settings.policy,
                actor=actor(),
                now=now(),
            )
    except SourceRefused as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{name} is added")


@sources.command()
@click.argument("name")
@click.option("--url", help="Where the same list is now; it is read from its beginning.")
@click.option("--secret", help="Name of the secret.")
@click.option("--member", "members", multiple=True, help="Only entries of this member id.")
@click.option("--all-members", is_flag=True, help="Everybody's entries.")
@due_hours
@distance
@quality
def change(
    name: str,
    url: str | None,
    secret: str | None,
    members: tuple[str, ...],
    all_members: bool,
    **own: Any,
) -> None:
    """Change a source. What is not named stays; `policy` takes back what it had of its own."""
    if members and all_members:
        raise click.UsageError("--member and --all-members exclude each other")
    parts = _parts()
    try:
        with parts.database.write() as session:
            source = rules.by_name(session, name)
            before = settings_of(source)
            given: dict[str, Any] = {
                "base_url": url,
                "secret_name": secret,
                "member_ids": members or None,
            }
            if all_members:
                given["member_ids"] = ()
            wanted = {key: value for key, value in given.items() if value is not None}
            changed = rules.change(
                session,
                name,
                replace(before, **wanted, **_own(own)),
                kind=Registries(parts).kinds()[source.kind],
                policy=parts.settings.policy,
                actor=actor(),
                now=now(),
            )
    except SourceRefused as error:
        raise click.ClickException(str(error)) from error
    for field, values in changed.fields.items():
        click.echo(f"{field}: {_said(values['before'])} -> {_said(values['after'])}")
    click.echo(changed.words())


@sources.command()
@click.argument("name")
def test(name: str) -> None:
    """Ask the registry who we are to it."""
    parts = _parts()
    source = _source(parts, name)
    try:
        member = Registries(parts).whoami(source.id)
        answer, failed = f"{name} answers; we are member {member.id}, {member.name}", False
    except NoAnswer as error:
        answer, failed = f"{name} does not let us in: {error}", True
    with parts.database.write() as session:
        rules.note_test(session, name, answer, actor=actor(), now=now())
    if failed:
        raise click.ClickException(answer)
    click.echo(answer)


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
    parts = _parts()
    source = _source(parts, name)
    if source.paused:
        raise click.ClickException(f"{name} is paused; `sources pause {name} --off` reads it again")
    sync_jobs.sync_source(source.id)
    with parts.database.read() as session:
        run = source_list.runs(session, source.id, 1)[0]
    if run.error:
        raise click.ClickException(run.error)
    click.echo(f"{name}: {_counts(run)}")


@sources.command("list")
def list_() -> None:
    """All sources with their counts."""
    with database().read() as session:
        for source in source_list.everything(session):
            state = "  (paused)" if source.paused else ""
            click.echo(
                f"{source.name:<20} {source.kind:<8} {source.active:>9} entries  "
                f"{_when(source)}{state}"
            )


@sources.command()
@click.argument("name")
@click.option("--runs", type=click.IntRange(1, source_list.RUNS_SHOWN), default=10)
def show(name: str, runs: int) -> None:
    """One source: its settings, its newest readings, and what could not be read."""
    parts = _parts()
    source_id = _source(parts, name).id
    with parts.database.read() as session:
        source = source_list.one(session, source_id)
        history = source_list.runs(session, source_id, runs)
        problems = source_list.problems(session, source_id)
    assert source is not None  # noqa: S101 - it was there a moment ago, and none is ever deleted
    for label, value in _facts(source, Registries(parts)):
        click.echo(f"{label:<13} {value}")
    for run in history:
        click.echo(f"{run.started_at:%Y-%m-%d %H:%M:%S}Z  {run.error or _counts(run)}")
    for problem in problems:
        click.echo(
            f"unreadable: {problem.member_id or '?'}/{problem.entry_id or '?'}: {problem.what}"
        )


def _parts() -> Runtime:
    database().close()  # ends the command where the database does not fit this code
    return build(settings())


def _source(parts: Runtime, name: str) -> Source:
    try:
        with parts.database.read() as session:
            return rules.by_name(session, name)
    except SourceRefused as error:
        raise click.ClickException(str(error)) from error


def _own(options: dict[str, Any]) -> dict[str, Any]:
    """The settings that were given, by their names; None where the policy is to hold."""
    names = {"due_hours": "due_hours", "distance": "pdq_distance", "quality": "pdq_quality"}
    return {
        names[name]: None if value == POLICY else value
        for name, value in options.items()
        if value is not None
    }


def _facts(source: SourceFacts, registries: Registries) -> list[tuple[str, str]]:
    chosen = source.settings
    is_set = "set" if registries.has_secret(chosen.secret_name) else "not set here"
    return [
        ("kind", source.kind),
        ("address", chosen.base_url),
        ("secret", f"{chosen.secret_name} ({is_set})" if chosen.secret_name else "none"),
        ("members", _said(chosen.member_ids or "all")),
        ("told", _said(source.told or "nothing")),
        ("due hours", _said(chosen.due_hours)),
        ("pdq distance", _said(chosen.pdq_distance)),
        ("pdq quality", _said(chosen.pdq_quality)),
        ("state", "paused" if source.paused else "read regularly"),
        ("read", _when(source)),
        ("entries", f"{source.active} active, {source.withdrawn} withdrawn"),
    ]


def _said(value: Any) -> str:
    if value is None:
        return POLICY
    return ", ".join(map(str, value)) or "all" if isinstance(value, (tuple, list)) else str(value)


def _when(source: SourceFacts) -> str:
    return f"{source.synced_at:%Y-%m-%d %H:%M:%S}Z" if source.synced_at else "never read"


def _counts(run: RunFacts) -> str:
    return (
        f"{run.pages} page(s), {run.added} added, {run.changed} changed, "
        f"{run.withdrawn} withdrawn, {run.problems} unreadable"
    )
