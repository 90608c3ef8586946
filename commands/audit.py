"""`app.py audit`: export the log, and check an export far from here."""

import json
from collections.abc import Iterator
from typing import Any, TextIO

import click

from commands.context import actor, database, now
from moderation import audit as rules


@click.group()
def audit() -> None:
    """The append-only log."""


@audit.command()
@click.option("--out", type=click.File("w", encoding="utf-8"), default="-")
def export(out: TextIO) -> None:
    """Write the whole log, a line of JSON each. Taking it is logged."""
    here = database()
    with here.write() as session:
        rules.append(session, at=now(), actor=actor(), action="audit.exported", subject="audit")
    with here.read() as session:
        for line in rules.lines(session):
            out.write(json.dumps(line.fields(), ensure_ascii=False) + "\n")


@audit.command()
@click.argument("file", type=click.File("r", encoding="utf-8"), required=False)
def verify(file: TextIO | None) -> None:
    """Check the chain: of an exported FILE, or of this installation's own log."""
    count, faults = 0, 0

    def counted(lines: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        nonlocal count
        for line in lines:
            count += 1
            yield line

    for fault in rules.verify(counted(_read(file) if file else _own())):
        faults += 1
        click.echo(f"line {fault.id}: {fault.what}", err=True)
    if faults:
        raise click.ClickException(f"{faults} fault(s) in {count} lines: the log does not hold")
    click.echo(f"{count} lines, each follows the one before it: the log holds")


def _read(file: TextIO) -> Iterator[dict[str, Any]]:
    for number, text in enumerate(file, 1):
        try:
            line = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise click.ClickException(f"line {number} of the file is not JSON: {error}") from error
        if not isinstance(line, dict):
            raise click.ClickException(f"line {number} of the file is not a line of the log")
        yield line


def _own() -> Iterator[dict[str, Any]]:
    with database().read() as session:
        for line in rules.lines(session):
            yield line.fields()
