"""People at work while the faults go on: they decide, reverse, undo and decide anew.

What they did is written down here, apart from the database: it is what the end is compared with.
"""

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from config.policy import Policy
from moderation import claims, decisions, undo
from moderation.claims import ClaimRefused
from moderation.decisions import Choice, DecisionRefused, Verdict
from moderation.people import Identity
from store.database import Database
from store.hit import Decision, Undo

REASONS = {
    Verdict.CONFIRM: "already-gone",
    Verdict.REMOVE: "match-exact",
    Verdict.DISPUTE: "different-content",
}
PATIENCE_SECONDS = 60
UNDONE, REVERSED = 0.12, 0.25

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Made:
    """One decision of a hit, and between which moments it came about (seconds, monotonic)."""

    hit_id: int
    ordinal: int
    choice: Choice
    begun: float
    ended: float
    undone: bool = False


class Workforce:
    """Who decides which hits. `told` is called after each change, as the console does."""

    def __init__(
        self,
        database: Database,
        policy: Policy,
        hit_ids: Sequence[int],
        registry_reasons: Sequence[str],
        *,
        seed: int = 0,
        told: Callable[[], None] = lambda: None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.made: dict[tuple[int, int], Made] = {}
        self.retried = 0
        self._database, self._policy = database, policy
        self._registry_reasons = registry_reasons
        self._told, self._clock = told, clock
        self._dice = random.Random(seed)
        self._open = list(hit_ids)
        self._dice.shuffle(self._open)
        self._decided: list[int] = []
        self._lock = threading.Lock()

    @property
    def all_made(self) -> tuple[Made, ...]:
        """Everything that was decided."""
        return tuple(self.made.values())

    def work(self, people: Sequence[Identity], wanted: int, per_second: float) -> None:
        """Make `wanted` decisions, everybody at once, about so many in a second altogether."""
        failures: list[BaseException] = []

        def shift(person: Identity) -> None:
            try:
                while len(self.made) < wanted:
                    self.step(person)
                    time.sleep(self._dice.expovariate(per_second / len(people)))
            except BaseException as error:  # noqa: BLE001 - told to whoever waits
                failures.append(error)

        threads = [threading.Thread(target=shift, args=(person,)) for person in people]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]

    def step(self, person: Identity) -> None:
        """One thing that a person does."""
        fresh = self._next(person)
        if fresh is None:
            self._reverse(person)
            return
        if not self._decide(fresh, person, self._choice()):
            return
        if self._dice.random() < UNDONE and self._undo(fresh, person):
            if self._dice.random() < 0.7:  # the others stay open
                self._decide(fresh, person, self._choice())
            else:
                return
        with self._lock:
            self._decided.append(fresh)

    def _next(self, person: Identity) -> int | None:
        with self._lock:
            if not self._open or (self._decided and self._dice.random() < REVERSED):
                return None
            return self._open.pop()

    def _choice(self, other_than: str | None = None) -> Choice:
        verdict = self._dice.choice([one for one in Verdict if one != other_than])
        reason = self._dice.choice(self._registry_reasons) if verdict is Verdict.DISPUTE else ""
        return Choice(verdict, REASONS[verdict], "", reason)

    def _decide(self, hit_id: int, person: Identity, choice: Choice) -> bool:
        def act(session: Session, _ordinal: int) -> None:
            lease = claims.claim(session, hit_id, person, self._policy, self._clock())
            decisions.decide(
                session, hit_id, lease.number, person, choice, self._policy, self._clock()
            )

        return self._try(hit_id, person, choice, act)

    def _reverse(self, person: Identity) -> bool:
        with self._lock:
            if not self._decided:
                return False
            hit_id = self._dice.choice(self._decided)
        before = self._last(hit_id)
        if before is None:
            return False
        choice = self._choice(other_than=before.verdict)

        def act(session: Session, ordinal: int) -> None:
            decisions.reverse(session, hit_id, ordinal, person, choice, self._policy, self._clock())

        return self._try(hit_id, person, choice, act)

    def _try(
        self,
        hit_id: int,
        person: Identity,
        choice: Choice,
        act: Callable[[Session, int], None],
    ) -> bool:
        """Act as often as the database fails, having looked whether it came about after all."""
        begun = time.monotonic()
        before = self._last(hit_id)
        ordinal = before.ordinal if before else 0

        def try_it() -> bool:
            try:
                with self._database.write() as session:
                    act(session, ordinal)
            except (DecisionRefused, ClaimRefused):
                return self._is_mine(hit_id, ordinal + 1, person, choice)
            return True

        done = self._through(try_it)
        if done:
            made = Made(hit_id, ordinal + 1, choice, begun, time.monotonic())
            self.made[hit_id, ordinal + 1] = made
            self._told()
        return done

    def _undo(self, hit_id: int, person: Identity) -> bool:
        last = self._last(hit_id)
        assert last is not None

        def try_it() -> bool:
            try:
                with self._database.write() as session:
                    undo.undo(session, hit_id, last.ordinal, person, self._policy, self._clock())
            except DecisionRefused:
                with self._database.read() as session:
                    query = select(Undo.id).where(Undo.decision_id == last.id)
                    return session.scalar(query) is not None
            return True

        undone = self._through(try_it)
        if undone:
            made = self.made[hit_id, last.ordinal]
            self.made[hit_id, last.ordinal] = replace(made, undone=True)
            self._told()
        return undone

    def _last(self, hit_id: int) -> Decision | None:
        def look() -> Decision | None:
            query = (
                select(Decision)
                .where(Decision.hit_id == hit_id)
                .order_by(Decision.ordinal.desc())
                .limit(1)
            )
            with self._database.read() as session:
                return session.scalar(query)

        return self._through(look)

    def _is_mine(self, hit_id: int, ordinal: int, person: Identity, choice: Choice) -> bool:
        with self._database.read() as session:
            query = select(func.count()).where(
                Decision.hit_id == hit_id,
                Decision.ordinal == ordinal,
                Decision.person_id == person.id,
                Decision.verdict == choice.verdict,
            )
            return bool(session.scalar(query))

    def _through(self, act: Callable[[], T]) -> T:
        """Do it; when the database fails, do it again, as a person who presses again."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return act()
            except SQLAlchemyError:
                if time.monotonic() > deadline:
                    raise
                self.retried += 1
                time.sleep(0.2)
