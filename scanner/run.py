"""One run of the command: what it is to do, and how it ended."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from exchange.errors import ExchangeError
from matching.limits import MediaLimits
from scanner import matches
from scanner.api import ContentApi, Context
from scanner.display import display
from scanner.pool import Pool
from scanner.process import StartError
from scanner.report import Counts, Report
from scanner.scanning import finish, scan
from scanner.sending import Sending
from scanner.state import State
from scanner.walk import LeftOut, Seen, walk


@dataclass(frozen=True, slots=True)
class Task:
    """What to scan and how. `wait` is how many seconds to ask for matches, 0 not to ask."""

    paths: tuple[Path, ...]
    prefix: str
    context: Context
    limits: MediaLimits
    processes: int
    wait: float

    def files(self) -> Iterator[Seen]:
        """The files, walked anew at each call."""
        return walk(self.paths, self.prefix)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended. `problem` is for people, None where there was none."""

    counts: Counts
    problem: str | None = None
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """0 all that could be read was accepted; 1 not so, or nothing was read; 130 interrupted."""
        if self.interrupted:
            return 130
        complete = not (self.problem or self.counts.rejected or self.counts.unsent)
        return 0 if complete and self.counts.fingerprinted + self.counts.already_done else 1


def run(task: Task, api: ContentApi, state: State, terminal: Console) -> Outcome:
    """Do the task. What the console or the processes refuse is in the outcome, not raised."""
    total = sum(not isinstance(seen, LeftOut) for seen in task.files())
    with display(terminal, total) as shown:
        report = Report(shown)
        try:
            _scan(task, api, state, report)
            _count_matches(task, api, report)
        except KeyboardInterrupt:
            return Outcome(report.counts, "interrupted: start again to go on", interrupted=True)
        except (ExchangeError, StartError) as error:
            return Outcome(report.counts, str(error))
    if not total:
        return Outcome(report.counts, "there is no file to scan under what was named")
    return Outcome(report.counts)


def _scan(task: Task, api: ContentApi, state: State, report: Report) -> None:
    with closing(Sending(api, task.context)) as sending:
        try:
            with Pool(task.processes, task.limits) as pool:
                scan(task.files(), pool, sending, state, report)
        except KeyboardInterrupt:
            api.hurry()  # what is ready still goes out, but nobody is kept waiting
            finish(sending, state, report)
            raise


def _count_matches(task: Task, api: ContentApi, report: Report) -> None:
    if task.wait and report.sent_ids:
        found = matches.count(api, report.sent_ids, task.wait)
        report.counts.matched, report.counts.pending = found
