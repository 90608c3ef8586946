"""Step 1 as jobs: read every source, on time or when asked."""

import logging
from datetime import UTC, datetime

from exchange.errors import ExchangeError
from exchange.registry import RegistryClient
from jobs import connections, runtime
from jobs.runtime import Runtime
from matching.fingerprint import Algorithm
from moderation import sources, sync

log = logging.getLogger(__name__)


def sync_all() -> None:
    """Wake a sync of every source that is not paused."""
    parts = runtime.current()
    with parts.database.read() as session:
        source_ids = sources.to_sync(session)
    for source_id in source_ids:
        parts.wake.sync(source_id)


def sync_source(source_id: int) -> None:
    """Read one source to its end, and its reasons if the cached ones are old."""
    parts = runtime.current()
    with parts.database.read() as session:
        serial = sources.serial(session, source_id)  # before the client: whichever is older counts
    try:
        client = connections.registry(parts, source_id)
    except ExchangeError as error:
        sync.note_failure(parts.database, source_id, str(error), datetime.now(UTC))
        return
    with client:
        try:
            # Keeps itself how it failed.
            policy = parts.settings.policy
            sync.sync(parts.database, source_id, client.fetch, policy, serial=serial)
            _keep_reasons(parts, source_id, client)
        except ExchangeError as error:
            log.warning("source %s: %s", source_id, error)
    parts.wake.list_changed()


def _keep_reasons(parts: Runtime, source_id: int, client: RegistryClient) -> None:
    now = datetime.now(UTC)
    with parts.database.read() as session:
        if not sources.reasons_are_old(session, source_id, now):
            return
    reasons = [reason for algorithm in Algorithm for reason in client.reasons(algorithm)]
    with parts.database.write() as session:
        sources.keep_reasons(session, source_id, reasons, now)
