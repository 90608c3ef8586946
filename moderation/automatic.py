"""What the policy decides by itself, where it is switched on: exact copies that peers confirmed."""

import random
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from config.policy import Automatic, Policy
from exchange.records import Vote
from matching.fingerprint import Algorithm
from moderation import decisions
from moderation.decisions import Choice, DecisionRefused, Verdict
from store.entry import Entry, PeerVoteRow
from store.hit import Hit, Match

SAMPLE = "sample of automatic decisions"
BYTE_FOR_BYTE = (Algorithm.MD5, Algorithm.SHA1)


def decide(session: Session, hit_ids: Sequence[int], policy: Policy, now: datetime) -> list[int]:
    """Decide those of the hits that the policy covers, in the caller's transaction; their ids.

    A share of them is put before a person afterwards.
    """
    rules = policy.automatic
    if not rules.enabled or not hit_ids:
        return []
    query = (
        select(Hit)
        .where(Hit.id.in_(hit_ids), Hit.state == "open")
        .options(selectinload(Hit.matches).joinedload(Match.entry))
        .order_by(Hit.id)
    )
    covered = [
        hit.id
        for hit in session.scalars(query)
        if any(_covers(session, match, rules) for match in hit.matches)
    ]
    return [hit_id for hit_id in covered if _decide(session, hit_id, policy, now)]


def _covers(session: Session, match: Match, rules: Automatic) -> bool:
    """Equal byte for byte, not suspected, confirmed by enough members and disputed by none."""
    entry: Entry = match.entry
    if match.algorithm not in BYTE_FOR_BYTE or match.refused_hit_id is not None:
        return False
    if entry.withdrawn_at is not None or entry.review_only_at is not None:
        return False
    query = (
        select(PeerVoteRow.vote, func.count(PeerVoteRow.member_id.distinct()))
        .where(PeerVoteRow.entry_id == entry.id)
        .group_by(PeerVoteRow.vote)
    )
    votes = {row[0]: row[1] for row in session.execute(query)}
    return votes.get(Vote.AFFIRMATIVE, 0) >= rules.peers and not votes.get(Vote.NEGATIVE)


def _decide(session: Session, hit_id: int, policy: Policy, now: datetime) -> bool:
    rules = policy.automatic
    choice = Choice(Verdict(rules.verdict), rules.reason)
    try:
        decision = decisions.decide_by_policy(session, hit_id, choice, policy, now)
    except DecisionRefused:  # somebody claimed it a moment ago: theirs to decide
        return False
    if random.random() < rules.sample_share:  # noqa: S311 - a sample, guards nothing
        session.get_one(Hit, decision.hit_id).review_reason = SAMPLE
    return True
