"""Step 2 as jobs: a new index version when the list changed, and the sweep that it asks for."""

from datetime import UTC, datetime

from jobs import match, runtime
from moderation import index


def refresh_index() -> None:
    """Number a new version if the list changed, bring this host's snapshot up to it, and sweep."""
    parts = runtime.current()
    with parts.database.write() as session:
        index.new_version(session, datetime.now(UTC))
    index.ensure_current(parts.database, parts.index)
    match.resume_sweeps()


def fold_index() -> None:
    """Write one whole snapshot, so that the delta beside the base does not grow for ever."""
    parts = runtime.current()
    index.rebuild(parts.database, parts.index)
