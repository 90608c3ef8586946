"""What a scenario comes to: a line of the table."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table

from tests.soak.comparison import Differences


@dataclass(frozen=True, slots=True)
class Outcome:
    """Figures of one scenario on one kind of database. `wrong` is what else was not right."""

    scenario: str
    database: str
    decisions: int
    faults: int
    tries: int
    delivered: int
    differences: Differences
    wrong: tuple[str, ...]
    seconds: float

    @property
    def right(self) -> bool:
        """Whether everything arrived, once, as it stands, and nothing else was wrong."""
        return not self.differences and not self.wrong


def table(outcomes: Sequence[Outcome]) -> Table:
    """All of them, a line each."""
    made = Table(title="The soak: what the others know, held against what was decided")
    made.add_column("scenario", no_wrap=True)
    made.add_column("database", no_wrap=True)
    for name in (
        "decisions",
        "faults",
        "tries",
        "delivered",
        "votes compared",
        "contents compared",
        "missing",
        "doubled",
        "stale",
        "seconds",
    ):
        made.add_column(name, justify="right")
    for one in outcomes:
        found = one.differences
        figures = (
            one.decisions,
            one.faults,
            one.tries,
            one.delivered,
            found.votes,
            found.contents,
            len(found.missing),
            len(found.doubled),
            len(found.stale),
            round(one.seconds),
        )
        made.add_row(one.scenario, one.database, *(f"{figure:,}" for figure in figures))
    return made
