"""Step 4, hits: matches become a new hit, or more evidence on the one that is open."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, selectinload

from config.policy import Policy
from matching.fingerprint import Algorithm
from moderation import audit, deliveries, votes
from moderation.match import Found
from moderation.naming import content_name, entry_name, hit_name
from moderation.priority import Points, weigh
from store.content import Content
from store.entry import Entry, EntryFingerprint
from store.hit import Hit, Match

ENTRY_CHANGED = "entry-changed"
"""Why a hit was closed whose entry has other fingerprints since and is matched anew."""


def record(session: Session, found: Sequence[Found], policy: Policy, now: datetime) -> list[int]:
    """Put matches into the queue, in the caller's transaction; ids of hits opened or changed.

    The caller holds the rows of the content locked, so that two jobs which match the same item
    queue up there.

    Safe to repeat: a match that stands already is passed over. A match that was decided before
    opens nothing, unless the content has other fingerprints since or its hit was withdrawn. Nor
    does a copy of what was removed that stands confirmed or removed itself: removing many copies
    would bring each of them back.
    """
    by_content: dict[int, list[Found]] = defaultdict(list)
    for one in found:
        by_content[one.content.id].append(one)
    _lock_open(session, by_content)
    touched: list[int] = []
    for content_id in sorted(by_content):
        hit = _record_one(session, content_id, by_content[content_id], policy, now)
        if hit is not None:
            touched.append(hit.id)
    return touched


def _lock_open(session: Session, content_ids: Collection[int]) -> None:
    """Lock the open hits on this content in the order in which a decision for many locks its own:
    one that went by the content would wait for somebody who waits for it."""
    # Not by the index of the states: SQLite would walk every open hit.
    is_open = Hit.state.concat("") == "open"
    query = select(Hit.id).where(Hit.content_id.in_(content_ids), is_open)
    session.execute(query.order_by(Hit.id).with_for_update()).all()


def _record_one(
    session: Session, content_id: int, found: list[Found], policy: Policy, now: datetime
) -> Hit | None:
    content = session.get_one(Content, content_id)
    standing = {
        ((row.entry_id, row.algorithm, row.refused_hit_id is not None), row.value)
        for row in session.execute(
            select(Match.entry_id, Match.algorithm, Match.refused_hit_id, EntryFingerprint.value)
            .join(Hit, Hit.id == Match.hit_id)
            .outerjoin(EntryFingerprint, EntryFingerprint.id == Match.fingerprint_id)
            .where(
                Match.content_id == content_id,
                Match.content_revision == content.revision,
                Hit.state != "withdrawn",
            )
        )
    }
    # One by no fingerprint of the entry, as of a copy of what was removed, stands whatever it is.
    new = [one for one in found if not standing & {(_key(one), one.value), (_key(one), None)}]
    if any(one.refused_hit_id is not None for one in new) and _stands_right(session, content):
        new = [one for one in new if one.refused_hit_id is None]
    if not new:
        return None
    hit = session.scalar(
        select(Hit)
        .where(Hit.content_id == content_id, Hit.state == "open")
        .options(selectinload(Hit.matches).joinedload(Match.entry).joinedload(Entry.source))
        .with_for_update(of=Hit)
    )
    opened = hit is None
    if hit is None:
        opened_at, stood = _waiting_since(session, content, now)
        hit = Hit(
            content_id=content_id,
            content=content,
            state="open",
            opened_at=opened_at,
            stood_seconds=stood,
            lease_number=0,
            matches=[],
        )
    known = {
        (row.entry_id, row.algorithm, row.refused_hit_id is not None): row for row in hit.matches
    }
    told = []
    for one in new:
        row = known.get(_key(one))
        if row is None:
            row = Match(entry_id=one.entry.id, entry=one.entry, algorithm=one.algorithm)
            hit.matches.append(row)
        _describe(row, one, content, now)
        told.append(row)
    _set_clock(session, hit, [one.entry for one in new], content, policy, opened=opened)
    session.add(hit)
    session.flush()
    planned = deliveries.plan(session, hit, None, votes.of_match(session, told), now)
    audit.append(
        session,
        at=now,
        actor="system:match",
        action="hit.opened" if opened else "hit.evidence",
        subject=hit_name(hit.id),
        details={
            "content": content_name(content.platform_id),
            "priority": hit.priority,
            "deliveries": planned,
            "matches": [
                {
                    "entry": entry_name(
                        one.entry.source_id, one.entry.member_id, one.entry.entry_id
                    ),
                    "algorithm": one.algorithm,
                    "distance": one.distance,
                    "threshold": one.threshold,
                    "index_version": one.index_version,
                }
                for one in new
            ],
        },
    )
    return hit


def _stands_right(session: Session, content: Content) -> bool:
    """Whether somebody decided of what the content is now that a match of it is right."""
    query = select(Hit.id).where(
        Hit.content_id == content.id,
        Hit.state == "decided",
        Hit.verdict.in_(("confirm", "remove")),
        exists().where(Match.hit_id == Hit.id, Match.content_revision == content.revision),
    )
    return session.scalar(query.limit(1)) is not None


def _waiting_since(session: Session, content: Content, now: datetime) -> tuple[datetime, int]:
    """When the clock of a hit on this content began, and for how many seconds it stood: now, or
    with the hit that was closed because the entry behind it was changed and that this one takes
    the place of."""
    last = session.scalar(
        select(Hit).where(Hit.content_id == content.id).order_by(Hit.id.desc()).limit(1)
    )
    if last is not None and last.closed_reason == ENTRY_CHANGED:
        return last.opened_at, last.stood_seconds
    return now, 0


def _key(one: Found) -> tuple[int, Algorithm, bool]:
    """What is one match: an entry through one algorithm, as listed or as removed here."""
    return (one.entry.id, one.algorithm, one.refused_hit_id is not None)


def _describe(row: Match, one: Found, content: Content, now: datetime) -> None:
    """Let `row` say what was found. One on the fingerprints that the content had before it was
    changed says from now on how the new ones match."""
    row.content_id = content.id
    row.content_revision = content.revision
    row.fingerprint_id = one.fingerprint_id
    row.distance = one.distance
    row.threshold = one.threshold
    row.difference = one.difference
    row.quality = one.quality
    row.frames = list(one.frames)
    row.refused_hit_id = one.refused_hit_id
    row.index_version = one.index_version
    row.matched_at = now


def _set_clock(
    session: Session,
    hit: Hit,
    new_entries: list[Entry],
    content: Content,
    policy: Policy,
    *,
    opened: bool,
) -> None:
    """Due time and priority. New evidence can make a hit due earlier, never later."""
    began = hit.opened_at + timedelta(seconds=hit.stood_seconds)
    due = min(began + _due_in(entry, policy) for entry in new_entries)
    hit.due_at = due if opened else min(hit.due_at, due)
    entry_ids = [match.entry.id for match in hit.matches]
    points = weigh(session, hit.matches, entry_ids, content, policy.priority)
    hit.nearest = min(match.distance for match in hit.matches)
    hit.priority = sum(point.points for point in points)
    hit.priority_reasons = [_words(point) for point in points]
    hit.at_risk_at = began + (hit.due_at - began) * policy.clock.at_risk_share
    ahead = timedelta(minutes=hit.priority * policy.priority.minutes_per_point)
    hit.urgent_at = hit.due_at - ahead


def _due_in(entry: Entry, policy: Policy) -> timedelta:
    if entry.source.due_hours is not None:
        return timedelta(hours=entry.source.due_hours)
    return policy.clock.due_in(entry.source.kind)


def _words(point: Points) -> str:
    return f"{point.points:+d} {point.why}"
