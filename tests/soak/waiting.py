"""How the outbox stands, and waiting until nothing is left in it."""

import time
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from moderation.outbox import OPEN_STATES
from store.database import Database
from store.delivery import Delivery


@dataclass(frozen=True, slots=True)
class Outbox:
    """Counts of deliveries, and all tries together."""

    left: int
    delivered: int
    given_up: int
    tries: int


def outbox(database: Database) -> Outbox:
    """How it stands now."""
    query = select(Delivery.state, func.count(), func.sum(Delivery.attempts)).group_by(
        Delivery.state
    )
    with database.read() as session:
        rows = [(state, count, tries) for state, count, tries in session.execute(query)]
    counts = {state: count for state, count, _ in rows}
    return Outbox(
        sum(counts.get(state, 0) for state in OPEN_STATES),
        counts.get("delivered", 0),
        counts.get("given-up", 0),
        sum(tries for *_, tries in rows),
    )


def await_empty(database: Database, seconds: float) -> None:
    """Wait until nothing waits or is under way. TimeoutError says how much is left."""
    deadline = time.monotonic() + seconds
    while True:
        left: int | str = "unknown"
        try:
            left = outbox(database).left
        except SQLAlchemyError:
            time.sleep(0.5)
        if left == 0:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {seconds:.0f} seconds {left} deliveries are left")
        time.sleep(0.2)
