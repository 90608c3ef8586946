"""What the platform is told to do with one item of its content, as JSON.

The item is named by the platform's own id. No fingerprint is in it: the platform holds the content
and can make its own.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from exchange.timestamps import aware, write_utc


class Action(StrEnum):
    """What happens to the content.

    `remove` takes it down and `restore` puts it back. `hold` keeps it from being seen while it is
    looked at and `release` ends that. `refuse-fingerprint` refuses the same picture from now on.
    """

    REMOVE = "remove"
    RESTORE = "restore"
    HOLD = "hold"
    RELEASE = "release"
    REFUSE_FINGERPRINT = "refuse-fingerprint"


@dataclass(frozen=True, slots=True)
class PlatformAction:
    """One message to the platform.

    `hit` and `decision` are our references, for asking back; what no decision asked for, a hold or
    its end, has none. `key` is the idempotency key: the same
    key is the same message, sent again. `occurred_at` is when it was decided, aware; the platform
    may receive messages out of order and keeps what the later one says. A naive time is a
    ValueError.
    """

    action: Action
    content_id: str
    hit: str
    decision: str | None
    key: str
    occurred_at: datetime

    def __post_init__(self) -> None:
        aware(self.occurred_at)

    def body(self) -> bytes:
        """The JSON that is signed and sent: UTF-8, the same bytes every time."""
        return json.dumps(
            {
                "version": 1,
                "action": self.action,
                "content_id": self.content_id,
                "hit": self.hit,
                "decision": self.decision,
                "idempotency_key": self.key,
                "occurred_at": write_utc(self.occurred_at),
            },
            ensure_ascii=False,
            separators=(",", ":"),
        ).encode()
