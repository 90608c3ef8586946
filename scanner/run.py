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
from scanner.pool import Pool, StartError
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
    """How it ended. `remark` is for people, None where there is nothing to say."""

    counts: Counts
    exit_code: int
    remark: str | None = None


INTERRUPTED = 130
FAILED = 1
DONE = 0


def run(task: Task, api: ContentApi, state: State, terminal: Console) -> Outcome:
    """Do the task. What the console or the processes refuse is in the outcome, not raised.

    The exit code is DONE if everything that could be read was accepted, FAILED if anything could
    not be sent or nothing could be read, INTERRUPTED.
    """
    total = sum(not isinstance(seen, LeftOut) for seen in task.files())
    with display(terminal, total) as shown:
        report = Report(shown)
        counts = report.counts
        try:
            _scan(task, api, state, report)
        except KeyboardInterrupt:
            return Outcome(counts, INTERRUPTED, "interrupted: start again to go on")
        except (ExchangeError, StartError) as error:
            return Outcome(counts, FAILED, str(error))
        if not total:
            return Outcome(counts, FAILED, "there is no file to scan under what was named")
        code = FAILED if counts.rejected or not (counts.sent or counts.already_done) else DONE
        try:
            _count_matches(task, api, report)
        except KeyboardInterrupt:
            return Outcome(counts, code, "matches were not counted: interrupted")
        except ExchangeError as error:
            return Outcome(counts, code, f"matches were not counted: {error}")
    return Outcome(counts, code)


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
