"""The scenarios by name: what goes wrong, who sends meanwhile, and how it ended."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.soak import faults, shift
from tests.soak.comparison import compare
from tests.soak.installation import Installation, installed
from tests.soak.outage import outage
from tests.soak.outcome import Outcome
from tests.soak.people import Made, Workforce
from tests.soak.postgres import Postgres
from tests.soak.proxy import Fault
from tests.soak.senders import Sending, Wrap, as_it_is, sending
from tests.soak.template import Template
from tests.soak.trouble import Trouble, WildRedis
from tests.soak.waiting import await_empty, outbox
from tests.soak.workers import working

PER_SECOND = 40
WAIT_SECONDS = 900
KILL_EVERY = 4


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked of a scenario: so many decisions, on one kind of database, in `folder`.

    `wrap` is for twins that plant a fault in the sender. People decide `per_second`; a registry
    that is away is so for `hours` of a simulated clock.
    """

    folder: Path
    template: Template
    postgres: Postgres | None
    decisions: int
    wrap: Wrap = as_it_is
    per_second: float = PER_SECOND
    hours: int = 24

    @property
    def database(self) -> str:
        """The kind of database."""
        return "postgresql" if self.postgres else "sqlite"


@dataclass(frozen=True, slots=True)
class Ran:
    """What a scenario leaves for the comparison. `faults` are beside those of the proxies."""

    made: Sequence[Made]
    faults: int = 0
    wrong: tuple[str, ...] = ()


Scenario = Callable[[Installation, Order], Ran]


@dataclass(frozen=True, slots=True)
class Plan:
    """A scenario: what it does, what its proxies spoil, which databases it makes sense on."""

    scenario: Scenario
    fault: Fault | None = None
    every: int = 12
    burst: int = 3
    databases: tuple[str, ...] = ("sqlite", "postgresql")


def run(name: str, order: Order) -> Outcome:
    """Run the scenario `name` in a fresh installation and compare its end."""
    plan = PLANS[name]
    started = time.monotonic()
    with installed(
        order.folder,
        order.template,
        order.postgres,
        plan.fault,
        every=plan.every,
        burst=plan.burst,
    ) as installation:
        ran = plan.scenario(installation, order)
        differences = compare(installation, ran.made)
        ended = outbox(installation.parts.database)
        given_up = (f"{ended.given_up} given up",) if ended.given_up else ()
        return Outcome(
            scenario=name,
            database=order.database,
            decisions=len(ran.made),
            faults=ran.faults + installation.faults,
            tries=ended.tries,
            delivered=ended.delivered,
            differences=differences,
            wrong=(*ran.wrong, *given_up),
            seconds=time.monotonic() - started,
        )


def _workforce(installation: Installation, order: Order) -> Workforce:
    """The people of an installation, who wake the workers as the console does."""
    template = order.template
    return Workforce(
        installation.parts.database,
        installation.settings.policy,
        template.hit_ids,
        template.registry_reasons,
        told=installation.parts.wake.deliveries_planned,
    )


def _with_senders(installation: Installation, order: Order, *, kill_every: int = 0) -> Ran:
    people = _workforce(installation, order)
    how = Sending(installation.settings, kill_every=kill_every, wrap=order.wrap)
    with installation.reachable(), sending(how) as killed:
        people.work(order.template.people, order.decisions, order.per_second)
        await_empty(installation.parts.database, WAIT_SECONDS)
    return Ran(people.all_made, killed.total, killed.places_missed() if kill_every else ())


def _redis_goes(installation: Installation, order: Order) -> Ran:
    redis = WildRedis(installation.settings.redis_url, installation.folder / "redis")
    trouble = Trouble([redis.wipe, redis.wipe, redis.kill], every_seconds=2.0)
    return _with_workers(installation, order, trouble)


def _database_goes(installation: Installation, order: Order) -> Ran:
    assert order.postgres is not None
    return _with_workers(installation, order, Trouble([order.postgres.restart], every_seconds=4.0))


def _with_workers(installation: Installation, order: Order, trouble: Trouble) -> Ran:
    people = _workforce(installation, order)
    with (
        installation.reachable(),
        working(installation.environ) as processes,
        trouble.going_on(),
    ):
        people.work(order.template.people, order.decisions, order.per_second)
        await_empty(installation.parts.database, WAIT_SECONDS)
    died = tuple(f"{one.name} ended by itself {one.ended} times" for one in processes if one.ended)
    return Ran(people.all_made, trouble.done, died)


def _registry_is_away(installation: Installation, order: Order) -> Ran:
    found = outage(installation, order.decisions, order.hours)
    return Ran(found.made, found.failed, found.wrong)


def _many_people(installation: Installation, order: Order) -> Ran:
    """Twenty people over HTTP until nothing is open, while what they decide is delivered."""
    database = installation.parts.database
    with installation.reachable(), sending(Sending(installation.settings)):
        wrong = shift.run(installation, shift.HITS_PER_DECISION * order.decisions)
        await_empty(database, WAIT_SECONDS)
    return Ran(shift.made(database), wrong=tuple(wrong))


PLANS: Mapping[str, Plan] = {
    "killed": Plan(partial(_with_senders, kill_every=KILL_EVERY)),
    "error-500": Plan(_with_senders, faults.error_500),
    "busy-429": Plan(_with_senders, faults.busy_429, every=24, burst=1),
    "timeout": Plan(_with_senders, faults.silence, every=24),
    "half-an-answer": Plan(_with_senders, faults.half_an_answer),
    "late-answer": Plan(_with_senders, faults.late_answer, every=24),
    "redis": Plan(_redis_goes),
    "database": Plan(_database_goes, databases=("postgresql",)),
    "away-for-a-day": Plan(_registry_is_away),
    "shift": Plan(_many_people),
}
