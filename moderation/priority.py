"""Why a hit is urgent: points with a reason in words each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session

from config.policy import Priority
from exchange.records import Vote
from store.content import Content
from store.entry import PeerVoteRow
from store.hit import Hit, Match

LATEST = 1_000
"""Matches of an entry that are looked at for how its hits were decided."""


@dataclass(frozen=True, slots=True)
class Points:
    """Points, and why."""

    points: int
    why: str


def weigh(
    session: Session,
    matches: Sequence[Match],
    entry_ids: Sequence[int],
    content: Content,
    rules: Priority,
) -> list[Points]:
    """The points that apply to a hit with these matches; none weighs nothing and is left out."""
    return [point for point in _all(session, matches, entry_ids, content, rules) if point.points]


def _all(
    session: Session,
    matches: Sequence[Match],
    entry_ids: Sequence[int],
    content: Content,
    rules: Priority,
) -> Iterator[Points]:
    nearest = min(match.distance for match in matches)
    if nearest == 0:
        yield Points(rules.exact, "exact copy")
    elif nearest <= rules.near_distance:
        yield Points(rules.near, f"near copy, {nearest} bits differ")
    peers = _peer_votes(session, entry_ids)
    if peers.get(Vote.AFFIRMATIVE):
        count = peers[Vote.AFFIRMATIVE]
        yield Points(rules.confirmed_by_peers, f"confirmed by {count} other member(s)")
    if peers.get(Vote.NEGATIVE):
        count = peers[Vote.NEGATIVE]
        yield Points(rules.disputed_by_peers, f"disputed by {count} other member(s)")
    here = decided_here(session, entry_ids)
    confirmed = here.get("confirm", 0) + here.get("remove", 0)
    if confirmed:
        yield Points(rules.confirmed_here, f"entry confirmed here {confirmed} time(s)")
    if here.get("dispute"):
        yield Points(rules.disputed_here, f"entry disputed here {here['dispute']} time(s)")
    if content.seen_count >= rules.many_sightings_from:
        yield Points(rules.many_sightings, f"seen {content.seen_count} times")


def _peer_votes(session: Session, entry_ids: Sequence[int]) -> dict[str, int]:
    query = (
        select(PeerVoteRow.vote, func.count(PeerVoteRow.member_id.distinct()))
        .where(PeerVoteRow.entry_id.in_(entry_ids))
        .group_by(PeerVoteRow.vote)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def decided_here(session: Session, entry_ids: Sequence[int]) -> dict[str, int]:
    """How earlier hits on these entries were decided here: verdict to number of hits.

    Of each entry the LATEST matches count, so that it costs the same however often one matches.
    """
    if not entry_ids:
        return {}
    latest = [
        select(Match.hit_id)
        .where(Match.entry_id == entry_id)
        .order_by(Match.matched_at.desc())
        .limit(LATEST)
        .subquery()
        for entry_id in dict.fromkeys(entry_ids)
    ]
    hits = union_all(*(select(one.c.hit_id) for one in latest)).subquery()
    query = (
        select(Hit.verdict, func.count(Hit.id.distinct()))
        .join(hits, hits.c.hit_id == Hit.id)
        # Not by the index of the states: SQLite would walk every decided hit.
        .where(Hit.state.concat("") == "decided")
        .group_by(Hit.verdict)
    )
    return {row[0]: row[1] for row in session.execute(query) if row[0]}
