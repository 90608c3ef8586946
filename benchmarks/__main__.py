"""`python -m benchmarks [NAME …] [--json]`: run benchmarks, all of them where none is named.

Prints a table for each, or one JSON line for each figure.
"""

import argparse
import importlib
import json
import pkgutil
import sys
import time
from collections.abc import Callable
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

import benchmarks
from benchmarks.figure import Figure


def benchmark(name: str) -> Callable[[], list[Figure]] | None:
    """The `run` of a module in this folder; None for one that is no benchmark."""
    run: Callable[[], list[Figure]] | None = getattr(
        importlib.import_module(f"benchmarks.{name}"), "run", None
    )
    return run


def table(name: str, figures: list[Figure], seconds: float) -> Table:
    """The figures of one benchmark, to be printed."""
    drawn = Table(title=name, caption=f"{seconds:.0f} s", title_justify="left")
    drawn.add_column("figure")
    for column in ("value", "unit", "peer", "ratio"):
        drawn.add_column(column, justify="left" if column == "unit" else "right")
    for figure in figures:
        numbers = [figure.value, figure.peer, figure.ratio]
        value, peer, ratio = ("" if number is None else f"{number:,.4g}" for number in numbers)
        drawn.add_row(figure.name, value, figure.unit, peer, f"{ratio} x" if ratio else "")
    return drawn


def main(arguments: list[str]) -> int:
    """Run what is named; 2 where a name is unknown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="see README.md; none: all")
    parser.add_argument("--json", action="store_true", help="one JSON line for each figure")
    asked = parser.parse_args(arguments)
    present = [m.name for m in pkgutil.iter_modules(benchmarks.__path__) if m.name != "__main__"]
    unknown = [name for name in asked.names if name not in present]
    runs = {name: benchmark(name) for name in asked.names or present if name not in unknown}
    unknown += [name for name in asked.names if name in runs and runs[name] is None]
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; see benchmarks/README.md for their names")
    for name, run in runs.items():
        if run is None:
            continue
        started = time.perf_counter()
        figures = run()
        if asked.json:
            for figure in figures:
                print(json.dumps(asdict(figure)), flush=True)
        else:
            Console(width=100).print(table(name, figures, time.perf_counter() - started))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
