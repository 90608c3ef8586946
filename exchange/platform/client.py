"""Sending actions to the platform's webhook."""

import json
import ssl
import time

import httpx

from exchange.closing import Closing
from exchange.connection import Connection, Limits
from exchange.errors import Refused
from exchange.pinned import PinnedTransport
from exchange.platform.action import PlatformAction
from exchange.platform.signature import HEADER, sign
from exchange.records import Receipt

# Shorter than a registry's: the answer is a line, and harm runs while we wait for it.
LIMITS = Limits(connect=5.0, silence=15.0, total=30.0, size=64 * 1024, pauses=())

_RESULTS = ("done", "already gone", "unknown content")


class PlatformClient(Closing):
    """The one webhook that the settings name.

    A private or loopback address is refused unless `allow_private`, so that whoever sets the
    address cannot make us speak to what only we can reach. http needs `allow_private` too, other
    than to this machine. Raises Refused for an address that cannot be right.
    """

    def __init__(
        self,
        address: str,
        secret: str,
        *,
        allow_private: bool = False,
        limits: Limits = LIMITS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        if not secret:
            raise Refused("platform: the webhook's secret is empty; set one")
        self._secret = secret
        direct = httpx.HTTPTransport(verify=tls or True, trust_env=False)
        self._connection = Connection(
            address,
            "platform",
            plain=allow_private,
            transport=PinnedTransport(direct, public_only=not allow_private),
            limits=limits,
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._connection.base.host!r})"

    def close(self) -> None:
        """Close the connections. Nothing can be sent afterwards."""
        self._connection.close()

    def send(self, action: PlatformAction) -> Receipt:
        """POST the action, signed now. Any 2xx accepts it.

        The receipt's note is what the answer says in `{"result": …}`: `done`, `already gone` or
        `unknown content`; empty where it says nothing of these. Raises Unavailable and Refused; it
        is not tried again here, and sending the same action again has the effect of once.
        """
        body = action.body()
        headers = {
            "Content-Type": "application/json",
            HEADER: sign(self._secret, int(time.time()), body),
        }
        answer = self._connection.send("POST", "", str(action.action), body, headers)
        return Receipt(answer.status, _result(answer.body))


def _result(body: bytes) -> str:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    result = answer.get("result") if isinstance(answer, dict) else None
    return result if result in _RESULTS else ""
