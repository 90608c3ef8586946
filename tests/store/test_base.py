"""Times go into the store aware and come out UTC, whatever the machine's time zone."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import StatementError

from store.content import Content
from store.database import Database

MOMENT = datetime(2026, 3, 29, 0, 30, 15, 123456, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]

# Run on a machine elsewhere: reads what was stored, and stores the same moment by its own clock.
ELSEWHERE = """
import sys
from datetime import datetime
from sqlalchemy import select
from store.content import Content
from store.database import Database
database = Database(sys.argv[1])
moment = datetime.fromtimestamp(float(sys.argv[2])).astimezone()
with database.write() as session:
    print(session.scalars(select(Content.first_seen_at)).one().isoformat())
    session.add(Content(platform_id="there", kind="image", first_seen_at=moment,
                        last_seen_at=moment))
"""


def _content(platform_id: str, at: datetime) -> Content:
    return Content(platform_id=platform_id, kind="image", first_seen_at=at, last_seen_at=at)


def _stored(database: Database) -> list[tuple[datetime, bool]]:
    """The times as rows give them, and whether the database itself takes them for MOMENT."""
    same = (
        "first_seen_at = TIMESTAMPTZ '2026-03-29 00:30:15.123456+00'"
        if database.engine.dialect.name == "postgresql"
        else "first_seen_at = '2026-03-29 00:30:15.123456'"
    )
    with database.read() as session:
        times = [row.first_seen_at for row in session.query(Content).order_by(Content.id)]
        equal = session.execute(text(f"SELECT {same} FROM content ORDER BY id")).scalars()  # noqa: S608
        return list(zip(times, map(bool, equal), strict=True))


def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    naive = datetime(2026, 3, 1, 12, 0)  # noqa: DTZ001 - the planted fault
    with pytest.raises(StatementError, match="without a zone"), database.write() as session:
        session.add(_content("naive", naive))
    assert _stored(database) == []


@pytest.mark.parametrize("hours", [-11, 0, 5.75, 14])
def test_any_zone_goes_in_and_utc_comes_out(database: Database, hours: float) -> None:
    with database.write() as session:
        session.add(_content("here", MOMENT.astimezone(timezone(timedelta(hours=hours)))))
    ((stored, equal),) = _stored(database)
    assert stored == MOMENT
    assert stored.tzinfo is UTC
    assert equal


@pytest.mark.parametrize("zone", ["EAST-14", "WEST+11", "CET-1CEST,M3.5.0,M10.5.0/3"])
def test_machines_east_and_west_of_greenwich_agree(database: Database, zone: str) -> None:
    with database.write() as session:
        session.add(_content("here", MOMENT))
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, database.url, repr(MOMENT.timestamp())],
        env=os.environ | {"TZ": zone, "PGTZ": "Asia/Kathmandu", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == MOMENT.isoformat()
    assert _stored(database) == [(MOMENT, True), (MOMENT, True)]
