"""The paging link: used as it was given, within twelve hours, or refused in clear words."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import time_machine
from flask import Flask

from tests.registry.conftest import PEER, MakeRegistry
from tests.registry.lists import Reader, entries_of, error_of, fill

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def registry(sqlite_url: str, make_registry: MakeRegistry) -> Flask:
    made = make_registry(sqlite_url, page_size=3)
    fill(made, [START] * 8)
    return made


@pytest.fixture
def link(registry: Flask) -> str:
    first = next(Reader(registry).pages())
    return first.findtext("{*}paging/{*}next") or ""


def changed(link: str, **params: str) -> str:
    return f"/v2/entries?{urlencode({**dict(parse_qsl(urlsplit(link).query)), **params})}"


def test_it_is_good_twice_and_for_whoever_holds_an_account(registry: Flask, link: str) -> None:
    from defusedxml.ElementTree import fromstring

    pages = [
        Reader(registry).get(link),
        Reader(registry).get(link),
        Reader(registry, PEER).get(link),
    ]
    ids = [[seen.entry_id for seen in entries_of(fromstring(page.data))] for page in pages]
    assert ids[0] == ids[1] == ids[2]
    assert len(ids[0]) == 3


@pytest.mark.parametrize(
    "params",
    [
        {"to": "2026-03-02T00:00:00Z"},
        {"from": "2026-02-01T00:00:00Z"},
        {"start": "1"},
        {"size": "1000"},
        {"max": "1"},
        {"more": "1"},
        {"cursor": ""},
        {"cursor": "W10.aaaa.bbbb"},
        {"cursor": "\x00é"},
    ],
)
def test_it_is_refused_when_changed(registry: Flask, link: str, params: dict[str, str]) -> None:
    response = Reader(registry).get(changed(link, **params))
    assert response.status_code == 400
    assert "not as it was given" in error_of(response)


def test_its_signature_is_checked(registry: Flask, link: str) -> None:
    cursor = dict(parse_qsl(urlsplit(link).query))["cursor"]
    for place in range(0, len(cursor), 7):
        other = cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]
        assert Reader(registry).get(changed(link, cursor=other)).status_code == 400


def test_it_is_another_registrys(link: str, make_registry: MakeRegistry, tmp_path: object) -> None:
    """Each registry has its own key."""
    other = make_registry(f"sqlite:///{tmp_path}/other.sqlite")
    assert Reader(other).get(link).status_code == 400


def test_it_is_good_for_twelve_hours(registry: Flask, link: str) -> None:
    now = datetime.now(UTC)
    with time_machine.travel(now + timedelta(hours=11, minutes=59)):
        assert Reader(registry).get(link).status_code == 200
    with time_machine.travel(now + timedelta(hours=12, minutes=1)):
        response = Reader(registry).get(link)
    assert response.status_code == 400
    assert "12 hours" in error_of(response)
