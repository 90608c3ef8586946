"""The signature of a webhook, so that the platform knows who sent it and that nothing was changed.

The header is `X-Takedown-Signature: t=1772366400,v1=<64 hex>`; v1 is the HMAC-SHA256, keyed with
the shared secret, of `1772366400.` followed by the body as it arrived. Whoever receives it:

1. takes the raw bytes of the body, before any JSON parser;
2. calculates v1 and compares it in constant time (several v1 may stand there while the secret is
   being changed; one that fits is enough);
3. refuses a `t` more than five minutes away from its own clock;
4. remembers every `idempotency_key` it has acted on and answers a repeated one as the first time,
   without acting again. That is the protection against replay: inside the five minutes a recorded
   message is still genuine, and after a lost answer we send the same key again ourselves, newly
   signed.
"""

import hashlib
import hmac
from datetime import datetime, timedelta

HEADER = "X-Takedown-Signature"
TOLERANCE = timedelta(minutes=5)
"""How far the two clocks may be apart, with the message's way included."""


class BadSignature(ValueError):
    """The message is not to be acted on. The text says why and holds neither secret nor body."""


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """The header's value. `timestamp` is when it is sent, in seconds since 1970, UTC.

    Raises ValueError for an empty secret.
    """
    return f"t={timestamp},v1={_digest(secret, timestamp, body)}"


def verify(
    secret: str, header: str, body: bytes, now: datetime, *, tolerance: timedelta = TOLERANCE
) -> None:
    """Return if `body` was signed with `secret` around `now` (aware), raise BadSignature if not."""
    parts = [part.strip().partition("=") for part in header[:4096].split(",")]
    times = [value for name, _, value in parts if name == "t"]
    digests = [value for name, _, value in parts if name == "v1"]
    if len(times) != 1 or not digests:
        raise BadSignature(f"{HEADER} must be t=<seconds>,v1=<hex>")
    if not (times[0].isascii() and times[0].isdigit() and len(times[0]) <= 12):
        raise BadSignature(f"the t of {HEADER} must be whole seconds since 1970")
    timestamp = int(times[0])
    expected = _digest(secret, timestamp, body).encode()
    if not any(
        hmac.compare_digest(expected, digest.encode(errors="replace")) for digest in digests
    ):
        raise BadSignature("signed with another secret, or changed on the way")
    if abs(now.timestamp() - timestamp) > tolerance.total_seconds():
        raise BadSignature("signed too long ago, or a clock is wrong")


def _digest(secret: str, timestamp: int, body: bytes) -> str:
    if not secret:
        raise ValueError("the webhook's secret is empty; set one")
    message = str(timestamp).encode() + b"." + body
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
