"""What a scan has come to: counts, and by name each file that stands out."""

from dataclasses import dataclass
from pathlib import Path

from scanner.content_id import printable
from scanner.display import Display
from scanner.walk import LeftOut


@dataclass(slots=True)
class Counts:
    """How many files of each outcome.

    `sent` were accepted by the console, `rejected` refused by it one by one. `matched` and
    `pending` are of those sent: a hit, and still being matched when we stopped asking. None
    where the console was not asked.
    """

    fingerprinted: int = 0
    too_plain: int = 0
    unreadable: int = 0
    already_done: int = 0
    left_out: int = 0
    sent: int = 0
    rejected: int = 0
    matched: int | None = None
    pending: int = 0

    @property
    def unsent(self) -> int:
        """Fingerprinted, but the console has not said anything of them."""
        return self.fingerprinted - self.sent - self.rejected

    def lines(self) -> list[str]:
        """The counts, one a line, as the command ends with them."""
        always: list[tuple[int | None, str]] = [
            (self.fingerprinted, "fingerprinted"),
            (self.sent, "sent"),
            (self.matched, self._matched()),
            (self.too_plain, "too plain to match"),
            (self.unreadable, "unreadable"),
            (self.already_done, "already done"),
        ]
        if_any = [
            (self.rejected, "rejected by the console"),
            (self.unsent, "not sent: start again to go on"),
            (self.left_out, "left out: hidden, or links to folders"),
        ]
        shown = always + [line for line in if_any if line[0]]
        return [f"{'–' if n is None else f'{n:,}':>9}  {what}" for n, what in shown]

    def _matched(self) -> str:
        if self.matched is None:
            return "matched: not asked"
        if self.pending:
            return f"matched ({self.pending:,} still being matched: the console goes on)"
        return "matched"


class Report:
    """Counts what happens and names what stands out on the display."""

    def __init__(self, display: Display) -> None:
        self.counts = Counts()
        self.sent_ids: list[str] = []
        self._display = display

    def fingerprinted(self, *, too_plain: bool) -> None:
        """A file gave its fingerprints; `too_plain` if none of them can be matched by likeness."""
        self.counts.fingerprinted += 1
        self.counts.too_plain += too_plain
        self._display.step()

    def unreadable(self, path: Path, reason: str) -> None:
        """A file gave none."""
        self.counts.unreadable += 1
        self._display.say(f"unreadable  {printable(path)}: {reason}")
        self._display.step()

    def already_done(self) -> None:
        """An earlier run has done this file."""
        self.counts.already_done += 1
        self._display.step()

    def left_out(self, one: LeftOut) -> None:
        """A file or folder is not scanned, by rule. Hidden ones are many and only counted."""
        self.counts.left_out += 1
        if not one.hidden:
            self._display.say(f"left out    {printable(one.path)}: a link to a folder")

    def sent(self, id_: str) -> None:
        """The console has accepted an item."""
        self.counts.sent += 1
        self.sent_ids.append(id_)

    def rejected(self, path: Path, reason: str) -> None:
        """The console has refused an item, and only that one."""
        self.counts.rejected += 1
        self._display.say(f"rejected    {printable(path)}: {reason}")
