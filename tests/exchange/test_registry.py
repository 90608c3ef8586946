"""The table of kinds."""

from collections.abc import Collection
from datetime import datetime
from types import TracebackType
from typing import Self

import pytest

from exchange import registry
from exchange.errors import Refused
from exchange.ncmec import NcmecClient
from exchange.records import Checkpoint, Member, Outcome, Page, Reason, Receipt
from matching.fingerprint import Algorithm


class ListOfNothing:
    """A registry in one file: nothing on its list, takes every vote."""

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
        return Page((), (), {"at": now.isoformat()} if checkpoint is None else checkpoint, False)

    def reasons(self, algorithm: Algorithm) -> tuple[Reason, ...]:
        return (Reason("1", "no", algorithm),)

    def report(self, outcome: Outcome) -> Receipt:
        return Receipt(200, outcome.entry_id)


def test_a_new_kind_is_one_file_and_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds: dict[str, registry.Connect] = {**registry.KINDS, "nothing": ListOfNothing}
    monkeypatch.setattr(registry, "KINDS", kinds)
    with registry.connect("nothing", "here", "key", member_ids={"1"}) as client:
        assert client.whoami() == Member("1", "here key 1")


def test_a_source_is_connected_by_its_kind() -> None:
    with registry.connect("ncmec", "https://hashsharing.example/npo", "user:password") as client:
        assert isinstance(client, NcmecClient)


def test_an_unknown_kind_is_refused_with_those_there_are() -> None:
    with pytest.raises(Refused, match="unknown kind of registry 'fax'; known are ncmec, stopncii"):
        registry.connect("fax", "https://hashsharing.example", "user:password")
