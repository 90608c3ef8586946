"""What every kind of registry must do, whatever its wire looks like.

A new kind adds itself in test_contract.py with a Party: its faithful server, and how to put
something on its list and read a vote back.
"""

from abc import ABC, abstractmethod
from datetime import datetime
from pathlib import Path

from exchange.records import EntryRecord, Outcome
from tests.exchange.server import Server


class Party(ABC):
    """A kind of registry with its faithful server. `credentials` are right, `wrong` are not; both
    are empty for a kind without."""

    kind: str
    address: str
    credentials: str
    wrong: str

    @abstractmethod
    def __init__(self, server: Server, folder: Path) -> None:
        """Answer on `server`, or from `folder`, with an empty list."""

    @abstractmethod
    def submit(self, name: str) -> EntryRecord:
        """Put an entry on the list; the same name again is an update."""

    @abstractmethod
    def withdraw(self, name: str) -> None:
        """Take an entry back."""

    @abstractmethod
    def pass_time(self) -> datetime:
        """Let an hour go by and tell the time."""

    @abstractmethod
    def outcome(self, entry: EntryRecord, *, right: bool) -> Outcome:
        """A vote that this registry takes."""

    @abstractmethod
    def votes(self, entry: EntryRecord) -> int:
        """How many votes of ours the registry holds on an entry."""
