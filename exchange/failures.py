"""What a status or a broken connection means for the caller: another try, or not, and in our words.

The libraries' own texts are dropped. They can quote what a broken server sent, or a header that we
sent, and both may be secrets.
"""

import ssl
from datetime import UTC, datetime

import httpx

from exchange.errors import ExchangeError, Refused, Unavailable
from exchange.retry_after import retry_after

_TRANSIENT = (408, 425, 429)
_REFUSALS = {
    400: "it does not understand the request",
    401: "it does not accept the credentials; check them in the settings",
    403: "this account is not allowed to do that; ask the other side to allow it",
    404: "it does not know what was asked for; the address is wrong, or it is gone",
}


def judge(response: httpx.Response, where: str) -> None:
    """Let a 2xx pass. Raises Unavailable for 429, 5xx and their like, Refused for the rest."""
    status = response.status_code
    if 200 <= status < 300:
        return
    if status in _TRANSIENT or status >= 500:
        raise Unavailable(
            f"{where}: it answered {status}; another try may go through",
            status=status,
            retry_after=retry_after(response.headers, datetime.now(UTC)),
        )
    because = _REFUSALS.get(status, "it refuses the request")
    if 300 <= status < 400:
        because = "it redirects, and redirects are not followed; set the address it moved to"
    raise Refused(f"{where}: it answered {status}: {because}", status=status)


def translate(error: httpx.HTTPError | httpx.InvalidURL, where: str) -> ExchangeError:
    """The failure that stands for a library's exception. The caller raises it `from None`."""
    match error:
        case httpx.InvalidURL() | httpx.UnsupportedProtocol() | httpx.LocalProtocolError():
            return Refused(f"{where}: the request cannot be written; check address and credentials")
        case httpx.DecodingError():
            return Unavailable(f"{where}: the packing of the answer is broken", status=200)
        case httpx.ConnectTimeout():
            because = "no connection in time"
        case httpx.TimeoutException():
            because = "it fell silent for too long"
        case httpx.ConnectError() if _is_untrusted(error):
            because = "its TLS certificate is not trusted"
        case httpx.ConnectError():
            because = "no connection; is the address right and the host up?"
        case _:
            because = "the connection broke before the answer was complete"
    return Unavailable(f"{where}: {because}")


def _is_untrusted(error: BaseException) -> bool:
    """Whether a certificate that failed its check stands behind a failed connection."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
