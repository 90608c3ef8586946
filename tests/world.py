"""A small world for tests: every state in it came about by the rules, none was written by hand."""

import itertools
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

from sqlalchemy import select

from config.policy import Policy, load_policy
from config.settings import ROOT
from exchange.records import EntryRecord, MediaKind, Member, PeerVote, Reason, Receipt, Told
from matching.fingerprint import Algorithm, Fingerprint
from matching.index import Index, IndexDirectory
from moderation import (
    claims,
    content,
    decisions,
    index,
    outbox,
    passes,
    people,
    sources,
    sweeps,
    sync,
)
from moderation.claims import Lease
from moderation.content import Item, Print
from moderation.decisions import Choice, Verdict
from moderation.outbox import Send
from moderation.people import Identity
from moderation.permissions import Role
from moderation.source_settings import RegistryKind, SourceSettings
from store.database import Database
from store.hit import Decision, Hit
from store.source import Source

PASSWORD = "correct horse battery staple"
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
REASONS = {
    "confirm": "already-gone",
    "remove": "match-exact",
    "dispute": "different-content",
}
DISPUTE_REASON = "Not what the entry says"

NCMEC = RegistryKind("ncmec", frozenset({Told.OUTCOME}), True, lambda *_settings: None)
"""The kind that most sources of a world are of; it takes every setting."""

_dice = random.Random(7)
_numbers = itertools.count(1)


def pdq() -> bytes:
    """A PDQ value as pictures have them: half of the bits set, far from every other."""
    bits = [1] * 128 + [0] * 128
    _dice.shuffle(bits)
    return int("".join(map(str, bits)), 2).to_bytes(32, "big")


def near(value: bytes, distance: int) -> bytes:
    """`value` with `distance` bits flipped."""
    number = int.from_bytes(value, "big")
    for bit in _dice.sample(range(256), distance):
        number ^= 1 << bit
    return number.to_bytes(32, "big")


class People(dict[str, Identity]):
    """The people of a world by login. Each is made when first named: hashing takes its time."""

    ROLES: ClassVar[dict[str, Role]] = {
        "mona": Role.MODERATOR,
        "milan": Role.MODERATOR,
        "lena": Role.LEAD,
        "amir": Role.AUDITOR,
        "ada": Role.ADMIN,
    }

    def __init__(self, world: "World") -> None:
        super().__init__()
        self._world = world
        self._making = threading.Lock()

    def __missing__(self, login: str) -> Identity:
        with self._making, self._world.database.write() as session:
            if login not in self:
                self[login] = people.add(
                    session,
                    login=login,
                    name=login.title(),
                    role=self.ROLES[login],
                    password=PASSWORD,
                    actor="test",
                    now=self._world.now,
                )
        return dict.__getitem__(self, login)


@dataclass
class World:
    """A database with people and one source, a clock that stands still, and what can happen."""

    database: Database
    directory: IndexDirectory
    policy: Policy
    now: datetime = START
    people: dict[str, Identity] = field(default_factory=dict)

    @classmethod
    def make(cls, database: Database, folder: Path) -> "World":
        """A world with a source that has a reason for disputes; people come when first named."""
        policy = load_policy([ROOT / "config" / "policy.toml"])
        # One person is enough here; tests/moderation/test_second.py asks for two.
        alone = policy.second_person.model_copy(update={"dispute_of_confirmed": False})
        policy = policy.model_copy(update={"second_person": alone})
        world = cls(database, IndexDirectory(folder / "index"), policy)
        world.people = People(world)
        world.source("Take It Down")
        return world

    def source(self, name: str, told: frozenset[Told] = frozenset({Told.OUTCOME})) -> Source:
        """A source with one reason for each algorithm, of a kind that takes what `told` says."""
        with self.database.write() as session:
            made = sources.add(
                session,
                name=name,
                kind=replace(NCMEC, told=told),
                settings=SourceSettings("https://registry.test/npo", "test"),
                policy=self.policy,
                actor="test",
                now=self.now,
            )
            reasons = [Reason(f"{a}-1", DISPUTE_REASON, a) for a in Algorithm]
            sources.keep_reasons(session, made.id, reasons, self.now)
        return made

    def list_entries(self, *records: EntryRecord, source: str = "Take It Down") -> None:
        """Let the registry list `records`, and bring the index up to them."""
        with self.database.write() as session:
            row = session.scalars(select(Source).where(Source.name == source)).one()
            sync.apply_entries(session, row, records, self.policy, self.now)
        self.refresh_index()

    def refresh_index(self) -> None:
        """A new index version if the list changed, and its sweep to the end."""
        self.number_version()
        for sweep_id in sweeps.open_sweeps(self.database):
            while sweeps.sweep_next(self.database, self.directory, self.policy, sweep_id, self.now):
                pass

    def number_version(self) -> Index:
        """A new index version if the list changed, and this host's index of it; no sweep yet."""
        with self.database.write() as session:
            index.new_version(session, self.now)
        current = index.ensure_current(self.database, self.directory)
        assert current is not None, "nothing was ever listed"
        return current

    def take(
        self,
        *prints: Print,
        platform_id: str | None = None,
        kind: MediaKind = MediaKind.IMAGE,
        uploader: str | None = None,
    ) -> int:
        """Let the platform post content with these fingerprints, not matched yet; its row's id."""
        item = Item(platform_id or f"post-{next(_numbers)}", kind, prints, "feed", uploader)
        with self.database.write() as session:
            taken = content.take(session, [item], self.now)
        ((_, _, row),) = taken
        return row or 0

    def post(
        self,
        *prints: Print,
        platform_id: str | None = None,
        kind: MediaKind = MediaKind.IMAGE,
        uploader: str | None = None,
    ) -> int:
        """The same, and match it."""
        row = self.take(*prints, platform_id=platform_id, kind=kind, uploader=uploader)
        passes.match_whole(self.database, self.directory, self.policy, [row], self.now)
        return row

    def hit(self, *, distance: int = 0) -> int:
        """An open hit: an entry, and content at `distance` bits from it."""
        value = pdq()
        self.list_entries(record(value))
        self.post(Print(Fingerprint(Algorithm.PDQ, near(value, distance)), 90))
        with self.database.read() as session:
            return session.scalars(select(Hit.id).order_by(Hit.id.desc())).first() or 0

    def claim(self, hit_id: int, login: str = "mona") -> Lease:
        """Let somebody claim a hit."""
        with self.database.write() as session:
            return claims.claim(session, hit_id, self.people[login], self.policy, self.now)

    def decide(self, hit_id: int, verdict: str, login: str = "mona") -> Decision:
        """Let somebody claim a hit and decide it."""
        lease = self.claim(hit_id, login)
        with self.database.write() as session:
            return decisions.decide(
                session,
                hit_id,
                lease.number,
                self.people[login],
                choice(verdict),
                self.policy,
                self.now,
            )

    def deliver(self, send: Send = lambda _order: Receipt(200)) -> None:
        """Let everything be sent by `send` until nothing more is due now."""
        while destinations := outbox.destinations_due(self.database, self.now):
            for destination in destinations:
                for delivery_id in outbox.due(self.database, destination, self.now):
                    outbox.deliver(self.database, delivery_id, send, self.policy.outbox, self.clock)

    def later(self, **length: float) -> None:
        """Let time pass."""
        self.now += timedelta(**length)

    @property
    def clock(self) -> Callable[[], datetime]:
        """The clock as the rules ask it."""
        return lambda: self.now


def choice(verdict: str) -> Choice:
    """A complete choice for `verdict`."""
    reason = DISPUTE_REASON if verdict == "dispute" else ""
    return Choice(Verdict(verdict), REASONS[verdict], "", reason)


def record(
    *values: bytes,
    entry_id: str | None = None,
    member: str = "1",
    at: datetime | None = START,
    withdrawn: bool = False,
    votes: tuple[PeerVote, ...] = (),
    cases: tuple[str, ...] = (),
    algorithm: Algorithm = Algorithm.PDQ,
) -> EntryRecord:
    """One record of a registry's list."""
    return EntryRecord(
        member=Member(member, "Take It Down"),
        entry_id=entry_id or f"entry-{next(_numbers)}",
        kind=MediaKind.IMAGE,
        timestamp=at,
        withdrawn=withdrawn,
        classification="A1",
        fingerprints=tuple(Fingerprint(algorithm, value) for value in values),
        votes=votes,
        cases=cases,
    )
