"""Single keys: what may share a letter and what may not."""

import pytest

from console import shortcuts
from console.shortcuts import ACTIONS, KeysRefused


def test_keys_swap_in_one_go() -> None:
    swapped = shortcuts.changed({}, {"hits.remove": "d", "hits.dispute": "R"})
    assert swapped == {"hits.remove": "d", "hits.dispute": "r"}
    assert shortcuts.changed(swapped, {"hits.remove": "r", "hits.dispute": "d"}) == {}


def test_what_was_kept_for_an_action_that_is_no_more_is_dropped() -> None:
    assert shortcuts.changed({"gone.long-ago": "c"}, {}) == {}


def test_the_first_keys_are_in_nobodys_way() -> None:
    assert shortcuts.changed({}, {}) == {}
    assert len({action.name for action in ACTIONS}) == len(ACTIONS)


def test_the_check_would_notice_first_keys_that_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    planted = (*ACTIONS, shortcuts.Action("x", "f", "Planted", frozenset({shortcuts.QUEUE})))
    monkeypatch.setattr(shortcuts, "ACTIONS", planted)
    monkeypatch.setattr(shortcuts, "BY_NAME", {one.name: one for one in planted})
    with pytest.raises(KeysRefused, match="F cannot be both: Go to the search; Planted"):
        shortcuts.changed({}, {})
