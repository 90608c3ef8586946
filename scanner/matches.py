"""How many of the items just sent are matches: asked until the console has matched them all."""

import time
from collections.abc import Callable, Sequence

from scanner.api import ContentApi

ASK = 1_000
FIRST_PAUSE = 0.25
LONGEST_PAUSE = 5.0


def count(
    api: ContentApi,
    ids: Sequence[str],
    seconds: float,
    pause: Callable[[float], object] = time.sleep,
) -> tuple[int, int]:
    """Hits among `ids`, and how many are still being matched after so many seconds.

    Raises what ContentApi.states raises.
    """
    ends = time.monotonic() + seconds
    wait = FIRST_PAUSE
    hits = 0
    pending = list(ids)
    while True:
        asked, pending = pending, []
        for start in range(0, len(asked), ASK):
            part = asked[start : start + ASK]
            states = api.states(part)
            hits += states.count("hit")
            pending += [id_ for id_, state in zip(part, states, strict=True) if state == "pending"]
        if not pending or time.monotonic() + wait > ends:
            return hits, len(pending)
        pause(wait)
        wait = min(2 * wait, LONGEST_PAUSE)
