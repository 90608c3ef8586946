"""At upload time: allow, hold or block, from the loaded index and without a job in the way.

What is near to nothing, by far the most, never touches the database.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.policy import Matching, Policy
from matching.fingerprint import Algorithm
from matching.index import Index, IndexDirectory
from moderation import content, passes
from moderation.content import Item
from moderation.index import latest_version
from moderation.match import search
from moderation.refusals import usable
from store.content import Content
from store.database import Database
from store.entry import Entry
from store.hit import Hit, Match


class NoIndex(Exception):
    """There is a list, and this host cannot search it yet."""


class Answer(StrEnum):
    """What the platform is to do with an upload."""

    ALLOW = "allow"
    HOLD = "hold"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Checks:
    """The answers in the order asked, what was stored for matching whole, the list's version."""

    answers: tuple["Checked", ...]
    stored: tuple[int, ...]
    index_version: int | None


@dataclass(frozen=True, slots=True)
class Checked:
    """The answer for one item; `hit_id` where there is something to decide or it was decided."""

    platform_id: str
    answer: Answer
    hit_id: int | None = None


def check(
    database: Database,
    directory: IndexDirectory,
    policy: Policy,
    items: Sequence[Item],
    now: datetime,
) -> Checks:
    """Answer for each item, in order. Before there is a list everything is allowed.

    Raises NoIndex where there is a list and this host has not built its index: to allow what was
    not looked at would be a lie.

    Items that something is near to are stored, matched and put into the queue, all in one
    transaction; the others leave no trace. What is stored stays pending: this host's index may be
    behind the list, and the job that matches it whole is not.
    """
    index = directory.current()
    if index is None:
        _must_be_empty(database)
    near = _near(index, items, policy.matching) if index else set()
    answers = [Checked(item.platform_id, Answer.ALLOW) for item in items]
    version = index.version if index else None
    if index is None or not near:
        return Checks(tuple(answers), (), version)
    places = sorted(near)
    with database.write() as session:
        content.take(session, [items[place] for place in places], now)
        ids = [items[place].platform_id for place in places]
        rows = passes.locked_content(session, Content.platform_id.in_(ids))
        passes.match_and_record(session, rows, index, policy, now)
        found = _answers(session, rows, policy)
    for place in places:
        answers[place] = found[items[place].platform_id]
    return Checks(tuple(answers), tuple(row.id for row in rows), version)


def _must_be_empty(database: Database) -> None:
    with database.read() as session:
        if latest_version(session):
            raise NoIndex("this host has not built its index yet; try again soon")


def _near(index: Index, items: Sequence[Item], rules: Matching) -> set[int]:
    """Positions of the items that anything in the index is within the threshold of."""
    values: dict[Algorithm, list[bytes]] = defaultdict(list)
    owners: dict[Algorithm, list[int]] = defaultdict(list)
    for place, item in enumerate(items):
        for one in item.prints:
            algorithm = one.fingerprint.algorithm
            if usable(algorithm, one.quality, rules):
                values[algorithm].append(one.fingerprint.value)
                owners[algorithm].append(place)
    return {
        owners[algorithm][position]
        for algorithm, batch in values.items()
        for position in search(index, algorithm, batch, rules).query
    }


def _answers(session: Session, rows: Sequence[Content], policy: Policy) -> dict[str, Checked]:
    newest: dict[int, Hit] = {}
    query = select(Hit).where(Hit.content_id.in_([row.id for row in rows])).order_by(Hit.id)
    for hit in session.scalars(query):
        newest[hit.content_id] = hit
    nearest = _nearest(session, [hit.id for hit in newest.values()])
    return {row.platform_id: _answer(row, newest.get(row.id), nearest, policy) for row in rows}


def _nearest(session: Session, hit_ids: Sequence[int]) -> dict[int, int]:
    """How near each hit's nearest match is, without entries that are for review only: what is
    suspected holds and blocks nothing by itself."""
    query = (
        select(Match.hit_id, func.min(Match.distance))
        .join(Entry, Entry.id == Match.entry_id)
        .where(Match.hit_id.in_(hit_ids), Entry.review_only_at.is_(None))
        .group_by(Match.hit_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _answer(row: Content, hit: Hit | None, nearest: Mapping[int, int], policy: Policy) -> Checked:
    if hit is None or hit.state == "withdrawn" or hit.verdict == "dispute":
        return Checked(row.platform_id, Answer.ALLOW, hit.id if hit else None)
    if hit.verdict == "remove":
        return Checked(row.platform_id, Answer.BLOCK, hit.id)
    if hit.id not in nearest:
        return Checked(row.platform_id, Answer.ALLOW, hit.id)
    wanted = policy.upload.exact if nearest[hit.id] == 0 else policy.upload.near
    return Checked(row.platform_id, Answer(wanted), hit.id)
