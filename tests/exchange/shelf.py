"""A registry in one file: a shelf with a list on it, and a note of what it was told."""

from collections.abc import Collection
from datetime import datetime
from types import TracebackType
from typing import ClassVar, Self

from exchange.records import Checkpoint, EntryRecord, Member, Outcome, Page, Reason, Receipt, Told
from matching.fingerprint import Algorithm


class Shelf:
    """The kind. Its list and what it was told are the class's: every client is at one shelf."""

    told: ClassVar[frozenset[Told]] = frozenset({Told.MATCH, Told.OUTCOME})
    needs_secret: ClassVar[bool] = False
    entries: ClassVar[list[EntryRecord]] = []
    heard: ClassVar[list[Outcome]] = []

    def __init__(self, address: str, credentials: str, *, member_ids: Collection[str] = ()) -> None:
        self.name = f"{address} {credentials} {len(member_ids)}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        pass

    def whoami(self) -> Member:
        return Member("1", self.name)

    def fetch(self, checkpoint: Checkpoint | None, now: datetime) -> Page:
        read = checkpoint["read"] if checkpoint else 0
        return Page(tuple(self.entries[read:]), (), {"read": len(self.entries)}, more=False)

    def reasons(self, algorithm: Algorithm) -> tuple[Reason, ...]:
        return (Reason("1", "no", algorithm),)

    def report(self, outcome: Outcome) -> Receipt:
        self.heard.append(outcome)
        return Receipt(200)
