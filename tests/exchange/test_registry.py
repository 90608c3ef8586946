"""The table of kinds."""

from collections.abc import Collection
from datetime import datetime
from types import TracebackType
from typing import ClassVar, Self

import pytest

from exchange import registry
from exchange.errors import Refused
from exchange.ncmec import NcmecClient
from exchange.records import Checkpoint, Member, Outcome, Page, Reason, Receipt, Told
from matching.fingerprint import Algorithm


class ListOfNothing:
    """A registry in one file: nothing on its list, takes every vote."""

    told: ClassVar[frozenset[Told]] = frozenset({Told.OUTCOME})
    needs_secret: ClassVar[bool] = False

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
    kinds: dict[str, type[registry.RegistryClient]] = {**registry.KINDS, "nothing": ListOfNothing}
    monkeypatch.setattr(registry, "KINDS", kinds)
    with registry.connect("nothing", "here", "key", member_ids={"1"}) as client:
        assert client.whoami() == Member("1", "here key 1")


def test_a_source_is_connected_by_its_kind() -> None:
    with registry.connect("ncmec", "https://hashsharing.example/npo", "user:password") as client:
        assert isinstance(client, NcmecClient)


def test_an_unknown_kind_is_refused_with_those_there_are() -> None:
    with pytest.raises(Refused, match="unknown kind of registry 'fax'; known are ncmec, stopncii"):
        registry.connect("fax", "https://hashsharing.example", "user:password")


def test_what_a_kind_can_be_told_is_known_without_a_connection() -> None:
    assert registry.told("ncmec") == {Told.OUTCOME}
    assert registry.told("stopncii") == {Told.MATCH, Told.OUTCOME}
    assert registry.told("threatexchange") == {Told.MATCH, Told.OUTCOME}
    assert registry.told("file") == set()
    assert [kind for kind in registry.KINDS if not registry.needs_secret(kind)] == ["file"]
    for ask in (registry.told, registry.needs_secret):
        with pytest.raises(Refused, match="unknown kind"):
            ask("fax")
