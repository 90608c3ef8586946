"""What no public source on NCMEC hash sharing states, and this client relies on. All of it is here.

Whoever learns better from the live service changes this file alone.
"""

from datetime import UTC, datetime, timedelta

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""A `from` that is earlier than every entry: Meta's client begins there too."""

SETTLE = timedelta(seconds=5)
"""How far `to` stays behind the present. A second has to be over, and what was written in it to be
visible, before a window may end in it: `from` is exclusive, so it is not asked for again. Five
seconds is what Meta's client leaves."""

NEXT_LIFE = timedelta(hours=12)
"""How long a `next` is good for, from when it was given. Documented as "about 12 hours"."""

RESTART_PAUSE = timedelta(minutes=10)
"""How old a `next` must be before its refusal begins a window for the third time, so that a server
which refuses every `next` is asked for the same first page at the pace of polling, not in a loop.
Ten minutes is the shortest polling that is advised."""

NEXT_REFUSED = frozenset({400, 404, 410})
"""The statuses that say "this `next` is not, or no longer, one of mine"."""

MEMBERS_ROOT = "members"
"""The root element of the answer to `GET /v2/members`."""

# A feedback that is sent again replaces the earlier one of the same member on the same algorithm of
# the same entry, so the outbox may repeat a PUT whose answer it did not see. An unknown entry is
# answered with 404. The bodies of errors say nothing that a program could use; they are not read.
