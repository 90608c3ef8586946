"""The end of a soak: what the others know, held against what was decided.

The registry is read back over its protocol by another member. Decisions that were made in the same
moment may have arrived in either order; all others have one that is the last.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from exchange.records import EntryRecord, PeerVote, Vote
from exchange.registry import connect
from moderation.decisions import Verdict
from store.database import Database
from store.delivery import Delivery
from store.hit import Decision, Hit, Match
from tests.soak.installation import Installation
from tests.soak.people import Made

OURS = "This platform"
Subject = tuple[str, str]
"""An entry and the algorithm that matched."""
Word = tuple[str, tuple[str, ...]]
"""A vote and its reasons."""


@dataclass(frozen=True, slots=True)
class Differences:
    """What was compared and what differs, each difference in words for whoever looks for it."""

    votes: int
    contents: int
    missing: tuple[str, ...]
    doubled: tuple[str, ...]
    stale: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.missing or self.doubled or self.stale)


def compare(installation: Installation, made: Iterable[Made]) -> Differences:
    """Hold registry, platform and database against the decisions that people remember."""
    made = sorted(made, key=lambda one: (one.hit_id, one.ordinal))
    hits = _hits(installation.parts.database)
    missing, doubled, stale = _decisions(hits, made), list[str](), list[str]()
    expected = _expected_votes(hits, made)
    heard = _heard_votes(installation)
    for subject in expected.keys() | heard.keys():
        words, wanted = heard.get(subject, []), expected.get(subject, set())
        if len(words) > 1:
            doubled.append(f"{subject}: {words}")
        if wanted and not words:
            missing.append(f"{subject}: no vote, of {wanted}")
        elif words and not wanted:
            stale.append(f"{subject}: {words} although no decision stands")
        elif words and words[0] not in wanted:
            stale.append(f"{subject}: {words[0]}, not {wanted}")
    actions = installation.actions()
    contents = _platform(hits, made, actions, missing, stale)
    keys = Counter(action["idempotency_key"] for action in actions)
    doubled += sorted(f"action {key}" for key, times in keys.items() if times > 1)
    once = Counter((one["decision"], one["action"]) for one in actions if one["decision"])
    doubled += sorted(f"{what} for {by}" for (by, what), times in once.items() if times > 1)
    stale += _out_of_order(installation.parts.database)
    return Differences(len(expected), contents, tuple(missing), tuple(doubled), tuple(stale))


def _hits(database: Database) -> Mapping[int, Hit]:
    query = select(Hit).options(
        joinedload(Hit.content),
        selectinload(Hit.matches).joinedload(Match.entry),
        selectinload(Hit.decisions).joinedload(Decision.undo),
    )
    with database.read() as session:
        return {hit.id: hit for hit in session.scalars(query)}


def _out_of_order(database: Database) -> list[str]:
    """Deliveries about one subject that arrived before an older one did."""
    query = (
        select(Delivery)
        .where(Delivery.state == "delivered")
        .order_by(Delivery.destination, Delivery.subject, Delivery.id)
    )
    with database.read() as session:
        rows = list(session.scalars(query))
    return [
        f"delivery {later.id} before {older.id}"
        for older, later in pairwise(rows)
        if (older.destination, older.subject) == (later.destination, later.subject)
        and later.delivered_at is not None
        and older.delivered_at is not None
        and later.delivered_at < older.delivered_at
    ]


def _decisions(hits: Mapping[int, Hit], made: Sequence[Made]) -> list[str]:
    """Where the database and people's memory differ."""
    kept = {
        (hit.id, one.ordinal, one.verdict, one.undo is not None)
        for hit in hits.values()
        for one in hit.decisions
    }
    remembered = {(one.hit_id, one.ordinal, str(one.choice.verdict), one.undone) for one in made}
    return [f"decision {one}" for one in sorted(kept ^ remembered)]


def _expected_votes(hits: Mapping[int, Hit], made: Sequence[Made]) -> dict[Subject, set[Word]]:
    standing: dict[Subject, list[Made]] = defaultdict(list)
    for one in made:
        if not one.undone:
            for match in hits[one.hit_id].matches:
                standing[match.entry.entry_id, match.algorithm].append(one)
    return {subject: {_word(one) for one in _last(all_)} for subject, all_ in standing.items()}


def _last(standing: Sequence[Made]) -> list[Made]:
    """Those after which no other began. Of one hit only the newest counts."""
    newest = {one.hit_id: one for one in standing}
    return [
        one
        for one in newest.values()
        if not any(other.begun > one.ended for other in newest.values())
    ]


def _word(one: Made) -> Word:
    if one.choice.verdict is Verdict.DISPUTE:
        return Vote.NEGATIVE, (one.choice.registry_reason,)
    return Vote.AFFIRMATIVE, ()


def _heard_votes(installation: Installation) -> dict[Subject, list[Word]]:
    heard: dict[Subject, list[Word]] = defaultdict(list)
    for entry in _read_back(installation):
        for vote in entry.votes:
            if vote.member.name == OURS:
                heard[entry.entry_id, vote.algorithm.lower()].append(_said(vote))
    return heard


def _said(vote: PeerVote) -> Word:
    return vote.vote, vote.reasons


def _read_back(installation: Installation) -> Iterable[EntryRecord]:
    credentials = installation.settings.secret("peer_registry") or ""
    address = f"http://127.0.0.1:{installation.template.addresses.registry}/npo"
    latest: dict[str, EntryRecord] = {}
    checkpoint, more = None, True
    with connect("ncmec", address, credentials) as peer:
        while more:  # ahead of the clock, so that the newest second is read too
            page = peer.fetch(checkpoint, datetime.now(UTC) + timedelta(seconds=10))
            assert not page.problems, page.problems
            checkpoint, more = page.checkpoint, page.more
            latest.update((entry.entry_id, entry) for entry in page.entries)
    return latest.values()


SHOWN, HELD, REMOVED = "shown", "held", "removed"
EFFECT = {"restore": SHOWN, "remove": REMOVED, "hold": HELD}
"""What an action makes of content. A release only lets go of what is held."""


def _platform(
    hits: Mapping[int, Hit],
    made: Sequence[Made],
    actions: Sequence[Mapping[str, Any]],
    missing: list[str],
    stale: list[str],
) -> int:
    """How many items of content were held against the decisions on them."""
    stands: dict[str, str] = {}
    seen: dict[str, str] = {}
    for action in actions:
        name, what = action["content_id"], action["action"]
        if action["occurred_at"] < seen.get(name, ""):
            stale.append(f"{name}: {what} arrived after what was said later")
        seen[name] = action["occurred_at"]
        before = stands.get(name, SHOWN)
        after = SHOWN if what == "release" and before == HELD else EFFECT.get(what, before)
        stands[name] = after
    last = {one.hit_id: one for one in made if not one.undone}
    by_content: dict[str, list[Hit]] = defaultdict(list)
    for hit in hits.values():
        by_content[hit.content.platform_id].append(hit)
    for name, all_of_it in by_content.items():
        decided = [hit.id for hit in all_of_it if hit.state == "decided"]
        wanted = _wanted([last[one] for one in decided if one in last])
        found = stands.get(name, SHOWN)
        if any(hit.state == "open" for hit in all_of_it):
            wanted |= {HELD}
        if found not in wanted:
            where = missing if name not in seen else stale
            where.append(f"{name} is {found}, not {' or '.join(sorted(wanted))}")
    return len(by_content)


def _wanted(standing: Sequence[Made]) -> set[str]:
    """How content may stand after the decisions on it. A confirmation asks nothing. A copy of what
    was removed can have been found on it after it was disputed: then there are two."""
    if not standing:
        return {SHOWN}
    newest = max(standing, key=lambda one: one.ended)
    return {
        Verdict.REMOVE: {REMOVED},
        Verdict.DISPUTE: {SHOWN},
        Verdict.CONFIRM: {SHOWN, HELD, REMOVED},
    }[newest.choice.verdict]
