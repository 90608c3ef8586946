"""What no public source on ThreatExchange states, and this client relies on. All of it is here.

Whoever learns better from the live service changes this file alone.
"""

from datetime import timedelta

PAGE_SIZE = 100
"""Updates a page: Meta's client's, for updates with their descriptors."""

DESCRIPTORS = 100
"""How many descriptors of one indicator are reacted to at most."""

CURSOR_REFUSED = frozenset({400, 404, 410})
"""The statuses that say "this cursor is not, or no longer, one of mine"."""

DELETIONS_KEPT = timedelta(days=85)
"""How long a deletion is told. The documentation says 90 days, its best practices 30; Meta's client
reads the whole list anew after 85."""

BUSY = frozenset({2, 4, 17, 32, 341, 613})
"""Codes in an error of the Graph API that say "later", whatever the status beside them: out of
service for a moment, and the limits of application, user and call. Documented for the Graph API as
a whole, not for ThreatExchange."""

TOKEN_REFUSED = frozenset({102, 190})
"""Codes in an error of the Graph API that say "this access token is none, or no longer"."""

# The access token goes into the Authorization header, as Meta documents it for other parts of the
# Graph API; ThreatExchange's own pages show it in the query only, where proxies would log it.
#
# Reactions may be added and removed in one POST, and adding one that stands already changes
# nothing, so the outbox may repeat a POST whose answer it did not see. An indicator's
# `descriptors` are all that our application may see, also those of other privacy groups.
