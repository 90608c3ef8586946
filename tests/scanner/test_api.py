"""The scan's side of the content API, over real HTTP."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from exchange.errors import Refused, Unavailable
from scanner.api import ContentApi, Context
from scanner.process import Fingerprinted
from scanner.walk import Found
from tests.scanner.console import KEY, Console

VALUE = "0f" * 32


def _item(id_: str) -> Fingerprinted:
    prints: list[dict[str, Any]] = [{"algorithm": "pdq", "value": VALUE, "quality": 90}]
    return Fingerprinted(Found(Path(id_), id_, 1, 1), "image", False, prints)


def _api(console: Console, patience: float = 5, key: str = KEY) -> ContentApi:
    return ContentApi(console.address, key, patience)


def test_items_are_sent_with_their_context(console: Console) -> None:
    verdicts = _api(console).send([_item("a"), _item("b")], Context("profile", None))
    assert [(v.item.found.id, v.error) for v in verdicts] == [("a", None), ("b", None)]
    assert console.items["a"]["context"] == {"surface": "profile"}
    assert console.items["a"]["fingerprints"] == [
        {"algorithm": "pdq", "value": VALUE, "quality": 90}
    ]


def test_rejected_item_costs_itself(console: Console) -> None:
    console.refused_ids["b"] = "no such uploader"
    verdicts = _api(console).send([_item("a"), _item("b"), _item("c")], Context())
    assert [v.error for v in verdicts] == [None, "no such uploader", None]


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_what_passes_is_tried_again(console: Console, status: int) -> None:
    console.troubles = [(status, {})] * 2
    assert [v.error for v in _api(console).send([_item("a")], Context())] == [None]
    assert len(console.requests) == 3


def test_retry_after_is_kept(console: Console) -> None:
    console.troubles = [(429, {"Retry-After": "2"})]
    _api(console).send([_item("a")], Context())
    (first, _), (second, _) = console.requests
    assert second - first >= 2


def test_patience_ends(console: Console) -> None:
    console.troubles = [(503, {})] * 100
    started = time.monotonic()
    with pytest.raises(Unavailable, match="503"):
        _api(console, patience=1.5).send([_item("a")], Context())
    assert time.monotonic() - started < 5


def test_retry_after_beyond_patience_is_not_waited_for(console: Console) -> None:
    console.troubles = [(429, {"Retry-After": "3600"})]
    started = time.monotonic()
    with pytest.raises(Unavailable, match="429"):
        _api(console).send([_item("a")], Context())
    assert time.monotonic() - started < 2


def test_hurry_cuts_waiting_short(console: Console) -> None:
    console.troubles = [(503, {"Retry-After": "30"})] * 2
    api = _api(console, patience=120)
    threading.Timer(0.3, api.hurry).start()
    started = time.monotonic()
    with pytest.raises(Unavailable):
        api.send([_item("a")], Context())
    assert time.monotonic() - started < 5


def test_no_console_there() -> None:
    api = ContentApi("http://127.0.0.1:9", KEY, 0)
    with pytest.raises(Unavailable, match="no connection"):
        api.send([_item("a")], Context())


@pytest.mark.parametrize("status", [400, 403, 404, 413, 302])
def test_what_does_not_pass_is_not_tried_again(console: Console, status: int) -> None:
    console.troubles = [(status, {})]
    with pytest.raises(Refused, match=str(status)):
        _api(console).send([_item("a")], Context())
    assert len(console.requests) == 1


def test_wrong_key_is_not_in_the_error(console: Console) -> None:
    with pytest.raises(Refused, match="credentials") as caught:
        _api(console, key="wrong-key-123").send([_item("a")], Context())
    assert "wrong-key-123" not in str(caught.value)


def test_key_does_not_travel_in_the_clear() -> None:
    with pytest.raises(Refused, match="https"):
        ContentApi("http://console.example.org", KEY, 1)


@pytest.mark.parametrize(
    "answer",
    [
        {"results": []},
        {"results": [{"id": "other", "status": "created", "error": None}]},
        {"results": "created"},
        {"something": "else"},
        [],
    ],
)
def test_answer_that_is_not_the_apis(
    console: Console, answer: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing may be taken for accepted that the console did not name."""
    monkeypatch.setattr(console, "_answer", lambda *_: (200, {}, answer))
    with pytest.raises(Unavailable):
        _api(console, patience=0).send([_item("a")], Context())


def test_fingerprints_do_not_show_themselves(console: Console) -> None:
    console.troubles = [(500, {})] * 9
    with pytest.raises(Unavailable) as caught:
        _api(console, patience=0).send([_item("a")], Context())
    assert VALUE not in str(caught.value)
    assert VALUE not in repr(_item("a"))


def test_states_in_the_order_asked(console: Console) -> None:
    _api(console).send([_item("a"), _item("b")], Context())
    assert _api(console).states(["b", "x", "a"]) == ["clear", "unknown", "clear"]
