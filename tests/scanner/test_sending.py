"""Batches: never larger than the console takes, sent while others get ready."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from console.api.schema import MAX_ITEMS
from exchange.errors import Refused
from scanner import sending
from scanner.api import ContentApi, Context, Verdict
from scanner.process import Fingerprinted
from scanner.sending import Sending
from scanner.walk import Found
from tests.scanner.console import KEY, Console


@pytest.fixture
def outgoing(console: Console) -> Iterator[Sending]:
    """Sends to the test's console."""
    api = ContentApi(console.address, KEY, 1)
    with closing(api), closing(Sending(api, Context())) as one:
        yield one


def _item(number: int, prints: int = 1) -> Fingerprinted:
    found = Found(Path("x"), f"{number:04}", 1, 1)
    return Fingerprinted(found, "image", False, [{"algorithm": "md5", "value": "0a" * 16}] * prints)


def _all(outgoing: Sending, items: list[Fingerprinted]) -> list[Verdict]:
    verdicts: list[Verdict] = []
    for item in items:
        outgoing.add(item)
        verdicts += outgoing.go_on()
    return verdicts + outgoing.finish()


def test_every_item_is_sent_once_in_batches_the_console_takes(
    outgoing: Sending, console: Console
) -> None:
    verdicts = _all(outgoing, [_item(number) for number in range(1_250)])
    assert [len(batch) for batch in console.batches] == [500, 500, 250]
    assert len({verdict.item.found.id for verdict in verdicts}) == 1_250
    assert sending.ITEMS <= MAX_ITEMS


def test_films_with_many_frames_make_smaller_batches(outgoing: Sending, console: Console) -> None:
    _all(outgoing, [_item(number, prints=1_000) for number in range(45)])
    assert [len(batch) for batch in console.batches] == [20, 20, 5]
    assert max(len(body) for body in console.bodies) < 16 * 1024 * 1024 / 4


def test_item_does_not_wait_for_ever(
    outgoing: Sending, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "SECONDS", 0)
    outgoing.add(_item(1))
    outgoing.go_on()
    outgoing.add(_item(2))
    verdicts = outgoing.finish()
    assert console.batches == [["0001"], ["0002"]]
    assert len(verdicts) == 2


def test_nothing_to_send_sends_nothing(outgoing: Sending, console: Console) -> None:
    assert outgoing.go_on() == []
    assert outgoing.finish() == []
    assert console.requests == []


def test_refusal_comes_back_to_the_caller(outgoing: Sending, console: Console) -> None:
    console.troubles = [(403, {})]
    outgoing.add(_item(1))
    with pytest.raises(Refused):
        outgoing.finish()
