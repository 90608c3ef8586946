"""Twenty people at once: a shift over HTTP until nothing is open, and its books afterwards."""

import os
import random
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from config.policy import Policy
from exchange.records import MediaKind
from matching.fingerprint import Algorithm, Fingerprint
from matching.index import IndexDirectory
from moderation import audit, content, passes, people
from moderation.content import Item, Print
from moderation.decisions import Choice, Verdict
from moderation.naming import hit_name
from moderation.permissions import Role
from store.database import Database
from store.entry import EntryFingerprint
from store.hit import Decision, Hit
from tests.soak import books
from tests.soak.browsing import Desk, Odds, Remembered
from tests.soak.installation import Installation
from tests.soak.people import Made
from tests.soak.served import served
from tests.world import near

MODERATORS, LEADS = 17, 3
HITS_PER_DECISION = 3
RULES = """
[holds]
registry_seconds = 20 # long enough to undo

[limits]
pages = "100000 per minute"
"""
WAIT_SECONDS = 1800
NEAR_SECONDS = 60.0
"""Two decisions on one entry that are closer than this may arrive in either order: each may have
waited so long for the other between being pressed and being kept."""


def run(installation: Installation, hits: int) -> list[str]:
    """A whole shift at so many hits on an installation; what is wrong with its books."""
    parts, password = installation.parts, secrets.token_urlsafe(12)
    policy = parts.settings.policy
    post_more(parts.database, parts.index, policy, hits)
    logins = hire(parts.database, password, datetime.now(UTC))
    with served(environment(installation.environ, installation.folder)) as address:
        remembered = work(parts.database, address, logins, password)
    return books.wrong(parts.database, policy.lease.length, remembered)


def hire(database: Database, password: str, now: datetime) -> tuple[str, ...]:
    """Twenty people with one password; their logins. Three leads, for what two see differently."""
    logins = [f"shift-{number:02}" for number in range(MODERATORS + LEADS)]
    with database.write() as session:
        for number, login in enumerate(logins):
            role = Role.MODERATOR if number < MODERATORS else Role.LEAD
            people.add(
                session,
                login=login,
                name=login,
                role=role,
                password=password,
                actor="command:soak",
                now=now,
            )
    return tuple(logins)


def work(
    database: Database,
    address: str,
    logins: Sequence[str],
    password: str,
    *,
    odds: Odds | None = None,
    seconds: float = WAIT_SECONDS,
) -> Remembered:
    """Let all of them work at once until nothing is open, or so many seconds are over; what they
    remember. Raises what the first of them met with."""
    deadline = time.monotonic() + seconds
    desks = [
        Desk(address, login, password, odds or Odds(), seed) for seed, login in enumerate(logins)
    ]
    try:
        # Whoever undoes the last decision of all has it open again.
        while count_open(database) and time.monotonic() < deadline:
            _round(database, desks, deadline)
    finally:
        for desk in desks:
            desk.close()
    return {desk.login: dict(desk.did) for desk in desks}


def _round(database: Database, desks: Sequence[Desk], deadline: float) -> None:
    over = threading.Event()
    failures: list[BaseException] = []

    def shift(desk: Desk) -> None:
        try:
            desk.work(over.is_set)
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            failures.append(error)
            over.set()

    hands = [threading.Thread(target=shift, args=(desk,)) for desk in desks]
    for hand in hands:
        hand.start()
    while not over.wait(0.25):
        if time.monotonic() > deadline or not count_open(database):
            over.set()
    for hand in hands:
        hand.join()
    if failures:
        raise failures[0]


def count_open(database: Database) -> int:
    """How many hits are open."""
    with database.read() as session:
        return session.scalar(select(func.count()).where(Hit.state == "open")) or 0


def post_more(database: Database, index: IndexDirectory, policy: Policy, wanted: int) -> None:
    """Content that matches what is listed, until so many hits are open."""
    dice, now = random.Random(wanted), datetime.now(UTC)
    missing = wanted - count_open(database)
    with database.read() as session:
        listed = [
            Fingerprint(Algorithm(row.algorithm), row.value)
            for row in session.scalars(select(EntryFingerprint).order_by(EntryFingerprint.id))
        ]
    items = []
    for number in range(missing):
        one = dice.choice(listed)
        shown = Fingerprint(one.algorithm, near(one.value, 3))
        items.append(Item(f"shift-{number}", MediaKind.IMAGE, (Print(shown, 90),), "feed"))
    for start in range(0, len(items), 500):
        with database.write() as session:
            taken = content.take(session, items[start : start + 500], now)
        ids = [row for _, _, row in taken if row]
        passes.match_whole(database, index, policy, ids, now)


def environment(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The same with a time to undo, and no limit to how fast people press."""
    rules = folder / "shift.toml"
    rules.write_text(RULES, encoding="utf-8")
    files = [one for one in (environ.get("POLICY_FILES", ""), str(rules)) if one]
    return {**environ, "POLICY_FILES": os.pathsep.join(files)}


def made(database: Database) -> list[Made]:
    """What was decided, as the comparison with the registry and the platform wants it."""
    query = select(Decision).options(joinedload(Decision.undo)).order_by(Decision.id)
    with database.read() as session:
        told = {
            (line.subject, line.details["verdict"], line.details["note"]): line.details
            for line in audit.lines(session, action="hit.decided")
        }
        return [_made(one, told) for one in session.scalars(query)]


def _made(one: Decision, told: Mapping[tuple[str, str, str], Mapping[str, str]]) -> Made:
    details = told[hit_name(one.hit_id), one.verdict, one.note]
    choice = Choice(Verdict(one.verdict), one.reason, one.note, details["registry_reason"])
    begun = one.decided_at.timestamp()
    return Made(one.hit_id, one.ordinal, choice, begun, begun + NEAR_SECONDS, one.undo is not None)
