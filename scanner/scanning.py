"""The scan itself: files in, the console's verdicts out, each file recorded once accepted."""

from collections.abc import Iterable, Iterator

from scanner.api import Verdict
from scanner.pool import Pool
from scanner.process import Failed, Fingerprinted
from scanner.report import Report
from scanner.sending import Sending
from scanner.state import State
from scanner.walk import Found, LeftOut, Seen, Unlisted


def scan(files: Iterable[Seen], pool: Pool, sending: Sending, state: State, report: Report) -> None:
    """Fingerprint and send every file that no earlier run has done.

    Raises what ContentApi.send raises, and StartError. It can be interrupted anywhere: `finish`
    then sends what is ready, and what is not recorded is done by the next run.
    """
    for result in pool.results(_fresh(files, state, report)):
        match result:
            case Failed(found, reason):
                report.unreadable(found.path, reason)
            case Fingerprinted():
                report.fingerprinted(too_plain=result.too_plain)
                sending.add(result)
        _settle(sending.go_on(), state, report)
    finish(sending, state, report)


def finish(sending: Sending, state: State, report: Report) -> None:
    """Send what has been fingerprinted and not sent, and record what the console says."""
    _settle(sending.finish(), state, report)


def _fresh(files: Iterable[Seen], state: State, report: Report) -> Iterator[Found]:
    for seen in files:
        match seen:
            case LeftOut():
                report.left_out(seen)
            case Unlisted(path, reason):
                report.unreadable(path, reason)
            case Found() if seen in state:
                report.already_done()
            case Found():
                yield seen


def _settle(verdicts: list[Verdict], state: State, report: Report) -> None:
    if not verdicts:
        return
    state.record(verdict.item.found for verdict in verdicts if verdict.error is None)
    for verdict in verdicts:
        if verdict.error is None:
            report.sent(verdict.item.found.id)
        else:
            report.rejected(verdict.item.found.path, verdict.error)
