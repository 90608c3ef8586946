"""The single keys of all pages: what each does, where it stands, and which may share a letter.

A page's controls name their action in `data-action`; static/keys.js finds the key that it answers
to for this person. (WCAG 2.2, 2.1.4 Character Key Shortcuts: they can be changed and switched off.)
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

KEY = re.compile(r"[!-~]")  # one printable character of ASCII, as static/keys.js reads them
EVERYWHERE = "everywhere"
QUEUE, FREE, HELD, CLOSED, ASKED = "queue", "free hit", "held hit", "closed hit", "question"
DELIVERY, LOG = "delivery", "log"
"""The pages, and what stands on them together: two actions of one place need two keys."""


class KeysRefused(ValueError):
    """Keys that cannot be. Says which and why."""


@dataclass(frozen=True, slots=True)
class Action:
    """What a key does, the key it has at first, and the places where it answers."""

    name: str
    key: str
    words: str
    places: frozenset[str]


def _action(name: str, key: str, words: str, *places: str) -> Action:
    return Action(name, key, words, frozenset(places))


ACTIONS = (
    _action("help.keys", "?", "Show the keys of a page", EVERYWHERE),
    _action("queue.next", "n", "Claim the most urgent hit", QUEUE, CLOSED),
    _action("filter.q", "f", "Go to the search", QUEUE),
    _action("filter.subject", "f", "Go to the search of the log", LOG),
    _action("hits.claim", "c", "Claim the hit", FREE),
    _action("hits.renew", "m", "More time", HELD),
    _action("hits.release", "b", "Put the hit back", FREE, HELD),
    _action("hits.hand-over", "h", "Hand the hit over", HELD),
    _action("hits.hand-up", "l", "Put the hit before a lead", HELD),
    _action("hits.skip", "s", "Pass the hit over", HELD),
    _action("hits.clock", "k", "Stop the clock, or let it go on", FREE, HELD),
    _action("hits.confirm", "c", "Confirm", HELD, CLOSED),
    _action("hits.confirm-otherwise", "o", "Confirm for another reason", HELD),
    _action("hits.remove", "r", "Remove", HELD, CLOSED),
    _action("hits.dispute", "d", "Dispute", HELD, CLOSED),
    *(
        _action(f"hits.choice-{n}", str(n), f"Choose reason {n}", HELD, CLOSED)
        for n in range(1, 10)
    ),
    _action("hits.note", "n", "Go to the note", HELD),
    _action("hits.guidance", "g", "When to choose which decision", HELD),
    _action("hits.undo", "u", "Undo, or decide otherwise", QUEUE, FREE, HELD, CLOSED),
    _action("hits.agree", "a", "It stands", CLOSED),
    _action("hits.put-back", "p", "Put the content back", CLOSED),
    _action("hits.sure", "y", "Yes", ASKED),
    _action("hits.back", "b", "Go back", ASKED),
    _action("deliveries.retry", "s", "Send it again", DELIVERY),
)
BY_NAME: Mapping[str, Action] = {action.name: action for action in ACTIONS}


def changed(held: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    """The keys that differ from the first ones once `wanted` is put over `held`.

    Raises KeysRefused for an action that is not, a key that cannot be, or two in each other's way.
    """
    unknown = wanted.keys() - BY_NAME.keys()
    if unknown:
        raise KeysRefused("There is no such key to change. Load the page again.")
    keys = {action.name: action.key for action in ACTIONS}
    keys |= {name: key for name, key in held.items() if name in BY_NAME}
    keys |= {name: key.strip().lower() for name, key in wanted.items()}
    for name, key in keys.items():
        if not KEY.fullmatch(key):
            raise KeysRefused(f"{BY_NAME[name].words}: one letter, digit or sign, without a space.")
    for one, other in combinations(ACTIONS, 2):
        if keys[one.name] == keys[other.name] and _meet(one, other):
            raise KeysRefused(
                f"{keys[one.name].upper()} cannot be both: {one.words}; {other.words}."
            )
    return {name: key for name, key in keys.items() if key != BY_NAME[name].key}


def _meet(one: Action, other: Action) -> bool:
    """Whether both can stand on one page."""
    return EVERYWHERE in one.places | other.places or bool(one.places & other.places)
