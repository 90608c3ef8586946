"""One person at a browser: signs in and works through the queue over HTTP until nothing is open.

What the pages say is read from them; nothing here looks into the database.
"""

import random
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
LEASE = re.compile(r'name="lease" value="(\d+)"')
CHOICE = re.compile(r'name="choice" value="((?:confirm|remove|dispute):[^"]+)"')
UNDO = re.compile(r'action="/hits/(\d+)/undo[^"]*".*?name="ordinal" value="(\d+)"', re.DOTALL)
COLLEAGUE = re.compile(r'<option value="([^"]*)"')
HIT = re.compile(r"/hits/(\d+)")
SKIPS = ("not-now", "not-sure", "not-mine")
SECONDS = 60
"""For one answer: twenty people wait for each other on one small machine."""
PATIENCE = 4
"""After so many times that nothing was offered, somebody looks through the list."""


@dataclass(frozen=True, slots=True)
class Odds:
    """How often somebody does something else than decide, from 0 to 1."""

    skip: float = 0.04
    release: float = 0.04
    hand_over: float = 0.05
    undo: float = 0.06


class Desk:
    """A person's browser and what they remember: how often the console said that it was done."""

    def __init__(self, address: str, login: str, password: str, odds: Odds, seed: int) -> None:
        self.did: Counter[str] = Counter()
        self.login = login
        self._password = password
        self._odds = odds
        self._dice = random.Random(seed)
        self._http = httpx.Client(base_url=address, timeout=SECONDS, follow_redirects=True)
        self._page = ""
        self._at: int | None = None
        self._token = ""

    def work(self, is_over: Callable[[], bool]) -> None:
        """Sign in, unless one has, and work until there is nothing left. AssertionError for an
        answer that no person should get."""
        if not self._token:
            self._sign_in()
        waited = 0
        while not is_over():
            if self._at is None:
                self._post("/queue/next")
            if self._at is not None:
                self._act(self._at)
                continue
            waited += 1
            time.sleep(self._dice.uniform(0.2, 0.6))
            if waited % PATIENCE == 0:
                self._look_through_the_list()

    def close(self) -> None:
        """Close the browser."""
        self._http.close()

    def _sign_in(self) -> None:
        self._read(self._http.get("/sign-in"))
        self._post("/sign-in", login=self.login, password=self._password, next="/queue")
        assert "/sign-out" in self._page, f"{self.login} did not come in"

    def _act(self, hit: int) -> None:
        lease = LEASE.search(self._page)
        if lease is None:  # the claim passed to somebody else, or the hit is one's own no more
            self._at = None
            return
        throw = self._dice.random()
        odds = self._odds
        if throw < odds.skip:
            self._do("skip", hit, reason=self._dice.choice(SKIPS))
        elif throw < odds.skip + odds.release:
            self._do("release", hit)
            self._at = None
        elif throw < odds.skip + odds.release + odds.hand_over:
            self._do("hand-over", hit, to=self._colleague())
        else:
            self._decide(hit, lease.group(1))
            if self._dice.random() < odds.undo:
                self._undo()

    def _decide(self, hit: int, lease: str) -> None:
        choice = self._dice.choice(CHOICE.findall(self._page))
        # The second time it is asked, a removal is sure; the reason is the first of ours.
        dispute = choice.startswith("dispute:")
        reason = {"reason": "different-content"} if dispute else {}
        self._do("decide", hit, lease=lease, choice=choice, sure="y", **reason)

    def _undo(self) -> None:
        offered = UNDO.search(self._page)
        if offered:
            self._do("undo", int(offered.group(1)), ordinal=offered.group(2))

    def _colleague(self) -> str:
        there: list[str] = [
            one for one in COLLEAGUE.findall(self._page) if one.startswith("shift-")
        ]
        return self._dice.choice(there)

    def _look_through_the_list(self) -> None:
        """What one has passed over is not offered again, but it can be claimed by hand."""
        self._read(self._http.get("/queue"))
        listed = [int(one) for one in HIT.findall(self._page)]
        if listed:
            hit = self._dice.choice(listed)
            self._do("claim", hit)

    def _do(self, what: str, hit: int, **fields: str) -> None:
        """Press a button of the hit, in work mode; count it if the console says that it is done."""
        if self._post(f"/hits/{hit}/{what}", work="1", **fields):
            self.did[what] += 1

    def _post(self, path: str, **fields: str) -> bool:
        return self._read(self._http.post(path, data={"csrf_token": self._token, **fields}))

    def _read(self, answer: httpx.Response) -> bool:
        """Keep the page. A refusal is a 409 with the hit on it; anything else is a fault."""
        assert answer.status_code in (200, 409), f"{answer.status_code}: {answer.request.url}"
        self._page = answer.text
        token = TOKEN.search(self._page)
        self._token = token.group(1) if token else self._token
        shown = HIT.fullmatch(answer.url.path)
        if answer.status_code == 200:
            self._at = int(shown.group(1)) if shown else None
        return answer.status_code == 200


Remembered = Mapping[str, Mapping[str, int]]
"""By login: how often they did what, as the console told them."""
