"""How hits on each source's entries stand decided, counted as decisions are made.

Counted with the decision and not from it: the card shows it for every hit, and the history grows.
"""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from store.hit import Hit
from store.source import SourceRecord
from store.upsert import insert


def follow(session: Session, hit: Hit, before: str | None, after: str | None) -> None:
    """Count the hit, with its matches loaded, under its new verdict and no longer under the old.

    Rows are locked in one order, so that decisions made at once do not wait for each other.
    """
    changes = [
        (source_id, verdict, by)
        for source_id in {match.entry.source_id for match in hit.matches}
        for verdict, by in ((before, -1), (after, 1))
        if verdict is not None
    ]
    for source_id, verdict, by in sorted(changes):
        row = {"source_id": source_id, "verdict": verdict, "hits": by}
        session.execute(
            insert(session, SourceRecord)
            .values(row)
            .on_conflict_do_update(
                index_elements=[SourceRecord.source_id, SourceRecord.verdict],
                set_={"hits": SourceRecord.hits + by},
            )
        )


def of_sources(session: Session) -> Mapping[int, Mapping[str, int]]:
    """For each source: verdict to number of hits that stand decided so."""
    found: dict[int, dict[str, int]] = {}
    for row in session.scalars(select(SourceRecord)):
        found.setdefault(row.source_id, {})[row.verdict] = row.hits
    return found
