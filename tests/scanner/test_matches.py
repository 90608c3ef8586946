"""Counting matches: asked until nothing is pending, and not for ever."""

import time
from contextlib import closing
from typing import Any

from matching.fingerprint import Fingerprint
from scanner import matches
from scanner.api import ContentApi
from tests.scanner.console import KEY, Console

LISTED = "0f" * 32


def _hold(console: Console, count: int, hits: int) -> list[str]:
    """So many items on the console, the first few of them matches."""
    console.listed = [Fingerprint.parse("pdq", LISTED)]
    for number in range(count):
        value = LISTED if number < hits else "f0" * 32
        prints: list[dict[str, Any]] = [{"algorithm": "pdq", "value": value, "quality": 90}]
        console.items[str(number)] = {"id": str(number), "fingerprints": prints}
    return list(console.items)


def test_hits_are_counted_over_many_requests(console: Console) -> None:
    ids = _hold(console, 2_500, 1_700)
    with closing(ContentApi(console.address, KEY, 1)) as api:
        assert matches.count(api, ids, 5) == (1_700, 0)
    assert len(console.requests) == 3


def test_asks_again_while_pending(console: Console) -> None:
    ids = _hold(console, 3, 2)
    console.pending_rounds = 2
    with closing(ContentApi(console.address, KEY, 1)) as api:
        assert matches.count(api, ids, 20) == (2, 0)
    assert len(console.requests) == 3


def test_stops_when_its_time_is_over(console: Console) -> None:
    ids = _hold(console, 3, 2)
    console.pending_rounds = 1_000
    started = time.monotonic()
    with closing(ContentApi(console.address, KEY, 1)) as api:
        assert matches.count(api, ids, 0.5) == (0, 3)
    assert time.monotonic() - started < 3


def test_what_the_console_has_forgotten_is_not_waited_for(console: Console) -> None:
    ids = [*_hold(console, 2, 1), "gone"]
    with closing(ContentApi(console.address, KEY, 1)) as api:
        assert matches.count(api, ids, 5) == (1, 0)
