"""After a shift: the rows, the audit log and the outbox held against each other."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from moderation import audit
from moderation.audit import Line
from moderation.naming import hit_name
from store.database import Database
from store.delivery import Delivery
from store.hit import Decision, Hit
from store.person import Person
from store.proposal import Proposal
from tests.soak.browsing import Remembered

TAKES = ("hit.claimed", "hit.undone")
"""What gives a hit to whoever does it, if nobody holds it."""
NEEDS = (
    "hit.decided",
    "hit.proposed",
    "hit.skipped",
    "hit.released",
    "hit.handed-over",
    "hit.escalated",
)
"""What only its holder does, who holds it no longer then. Nobody in a shift takes from others."""


def wrong(database: Database, lease: timedelta, remembered: Remembered) -> list[str]:
    """Everything that does not fit, in words; nothing if every hit was decided once, by whoever
    held it, and all was written down and planned. `lease` is how long a claim lasts."""
    with database.read() as session:
        lines = list(audit.lines(session))
        hits = list(session.scalars(select(Hit)))
        made = list(session.scalars(select(Decision).options(joinedload(Decision.undo))))
        outbox = list(session.scalars(select(Delivery)))
        logins = {row.id: row.login for row in session.scalars(select(Person))}
        proposers = [logins[one] for one in session.scalars(select(Proposal.person_id))]
    chain = [f"line {fault.id} {fault.what}" for fault in audit.verify(_fields(lines))]
    return [
        *chain,
        *_standing(hits, made),
        *_leases(lines, lease),
        *_logged(lines, made, logins),
        *_planned(lines, made, outbox),
        *_told(made, proposers, logins, remembered),
    ]


def _fields(lines: Iterable[Line]) -> Iterator[Mapping[str, object]]:
    return (line.fields() for line in lines)


def _standing(hits: Sequence[Hit], made: Sequence[Decision]) -> Iterator[str]:
    """Every hit has one decision that stands, and is decided so."""
    standing: dict[int, list[str]] = defaultdict(list)
    for one in made:
        if one.undo is None:
            standing[one.hit_id].append(one.verdict)
    for hit in hits:
        if hit.state == "withdrawn":
            continue
        found = standing[hit.id]
        if hit.state != "decided" or found != [hit.verdict]:
            yield f"{hit_name(hit.id)} is {hit.state}, {hit.verdict}, and decided {found}"


@dataclass(frozen=True, slots=True)
class _Lease:
    """Who holds a hit, under which number, since when, as the log tells it."""

    by: str | None = None
    number: int = 0
    since: datetime | None = None


def _leases(lines: Iterable[Line], length: timedelta) -> Iterator[str]:
    """No hit is held by two at once, and each is decided by whoever holds it."""
    held: dict[str, _Lease] = defaultdict(_Lease)
    for line in lines:
        if line.action not in (*TAKES, *NEEDS) or not line.actor.startswith("person:"):
            continue
        before = held[line.subject]
        what = f"line {line.id}: {line.actor} {line.action} {line.subject}"
        ran_out = before.since is not None and line.at >= before.since + length
        if line.action in NEEDS and before.by != line.actor:
            yield f"{what}, which {before.by} held"
        if line.action in TAKES and before.by is not None and not ran_out:
            yield f"{what}, which {before.by} held"
        if line.details.get("lease", before.number + 1) != before.number + 1:
            yield f"{what} under {line.details['lease']}, not {before.number + 1}"
        by = line.details.get("to") if line.action in NEEDS else line.actor
        held[line.subject] = (
            _Lease(by, before.number + 1, line.at) if by else _Lease(None, before.number)
        )


def _logged(
    lines: Iterable[Line], made: Iterable[Decision], logins: Mapping[int, str]
) -> Iterator[str]:
    """The log's decisions and undos are the rows', each once."""
    told: Counter[tuple[str, ...]] = Counter()
    for line in lines:
        if line.action in ("hit.decided", "hit.undone"):
            told[line.action, line.subject, line.actor, line.details["verdict"]] += 1
    kept: Counter[tuple[str, ...]] = Counter()
    for one in made:
        actor = f"person:{logins[one.person_id or 0]}"
        kept["hit.decided", hit_name(one.hit_id), actor, one.verdict] += 1
        if one.undo is not None:
            kept["hit.undone", hit_name(one.hit_id), actor, one.verdict] += 1
    for one_kind, where in ((told - kept, "in the log alone"), (kept - told, "not in the log")):
        yield from (f"{' '.join(words)} is {where}" for words in one_kind)


def _planned(
    lines: Iterable[Line], made: Iterable[Decision], outbox: Sequence[Delivery]
) -> Iterator[str]:
    """Each decision has the deliveries that its line names, and no others are there."""
    told = [
        key for line in lines if line.action == "hit.decided" for key in line.details["deliveries"]
    ]
    kept = [row.idempotency_key for row in outbox if row.decision_id is not None]
    if sorted(told) != sorted(kept):
        yield f"{len(told)} deliveries were logged with decisions, {len(kept)} are in the outbox"
    of_decision: dict[int, list[Delivery]] = defaultdict(list)
    for row in outbox:
        of_decision[row.decision_id or 0].append(row)
    for one in made:
        to_registry = [row for row in of_decision[one.id] if row.source_id is not None]
        unsent = {row.state for row in to_registry} <= {"cancelled"}
        if one.undo is None and unsent:
            yield f"D-{one.id} of {hit_name(one.hit_id)} is told to no registry"
        if one.undo is not None and not unsent:
            yield f"D-{one.id} of {hit_name(one.hit_id)} was taken back and is told"


def _told(
    made: Sequence[Decision],
    proposers: Sequence[str],
    logins: Mapping[int, str],
    remembered: Remembered,
) -> Iterator[str]:
    """What people were told that they did is what they did."""
    decided = Counter(logins[one.person_id or 0] for one in made)
    undone = Counter(logins[one.person_id or 0] for one in made if one.undo is not None)
    proposed = Counter(proposers)
    for login, did in remembered.items():
        kept = decided[login] + proposed[login]
        if did.get("decide", 0) != kept:
            yield f"{login} was told of {did.get('decide', 0)} decisions, {kept} are kept"
        if did.get("undo", 0) != undone[login]:
            yield f"{login} was told of {did.get('undo', 0)} undos, {undone[login]} are kept"
