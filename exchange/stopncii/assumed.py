"""What no public source on StopNCII states, and this client relies on. All of it is here.

Whoever learns better from the live service changes this file alone.
"""

from exchange.records import Member

BEGINNING = 10
"""A `startTimestamp` that is earlier than every record, in seconds since 1970: Meta's client's."""

PAGE_SIZE = 800
"""Records a page: Meta's client's."""

TOKEN_REFUSED = frozenset({400, 404, 410})
"""The statuses that say "this `nextPageToken` is not, or no longer, one of mine"."""

CASES = 1_000
"""Cases that are read of one record. The interface shows them as UUIDs, without a limit."""

CASE_NUMBER = 64
"""Characters of a case's number."""

REGISTRY = Member("stopncii", "StopNCII")
"""Who submitted a record. The interface names no one: the people depicted do, through StopNCII."""

US = Member("account", "our account at StopNCII")
"""Who we are to it. The interface does not say."""

# `lastModtimestamp` and `nextSetTimestamp` are seconds since 1970. A feedback that is sent again
# replaces the earlier one of the same platform on the same hash, so the outbox may repeat a POST
# whose answer it did not see. Any 2xx with JSON or nothing in it accepts a feedback.
