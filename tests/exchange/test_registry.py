"""The table of kinds."""

import pytest

from exchange import registry
from exchange.errors import Refused
from exchange.ncmec import NcmecClient
from exchange.records import Member, Told
from tests.exchange.shelf import Shelf


def test_a_new_kind_is_one_file_and_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds: dict[str, type[registry.RegistryClient]] = {**registry.KINDS, "shelf": Shelf}
    monkeypatch.setattr(registry, "KINDS", kinds)
    with registry.connect("shelf", "here", "key", member_ids={"1"}) as client:
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
