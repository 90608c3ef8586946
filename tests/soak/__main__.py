"""`python -m tests.soak [SCENARIO …]`: run scenarios, print one table, 1 if anything was wrong."""

import argparse
import logging
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from tests.soak.outcome import Outcome, table
from tests.soak.postgres import Postgres, postgres
from tests.soak.scenarios import PLANS, Order, run
from tests.soak.template import prepare

DATABASES = ("sqlite", "postgresql")
DECISIONS = 1_000
SHOWN = 20  # differences of one scenario; the table has their number


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; the exit code."""
    asked = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.CRITICAL)  # that Redis is away is known
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was started is ended
    names = asked.scenario or list(PLANS)
    kinds = [asked.database] if asked.database else list(DATABASES)
    console = Console(width=180)
    outcomes: list[Outcome] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        folder.chmod(0o755)  # PostgreSQL runs as another user than root
        servers: dict[str, Postgres | None] = {
            kind: stack.enter_context(postgres(folder / kind)) if kind == "postgresql" else None
            for kind in kinds
        }
        console.print("preparing the list, the content and the hits")
        templates = prepare(folder / "template", asked.decisions, servers)
        for name in names:
            for kind in (kind for kind in kinds if kind in PLANS[name].databases):
                console.print(f"{name} on {kind}")
                there = folder / f"{name}-{kind}"
                order = Order(there, templates[kind], servers[kind], asked.decisions)
                outcomes.append(run(name, order))
                _explain(console, outcomes[-1])
    console.print(table(outcomes))
    return 0 if all(one.right for one in outcomes) else 1


def _explain(console: Console, outcome: Outcome) -> None:
    found = outcome.differences
    for words in (outcome.wrong, found.missing, found.doubled, found.stale):
        for word in words[:SHOWN]:
            console.print(f"  wrong: {word}", markup=False)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("scenario", nargs="*", choices=[*PLANS, []], help=", ".join(PLANS))
    parser.add_argument("--decisions", type=int, default=DECISIONS)
    parser.add_argument("--database", choices=DATABASES, help="both by default")
    return parser


if __name__ == "__main__":
    sys.exit(main())
