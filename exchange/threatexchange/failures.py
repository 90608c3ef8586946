"""What an error of the Graph API means. Its status alone does not say: a limit comes as 400 or 403.

https://developers.facebook.com/docs/graph-api/guides/error-handling
"""

from datetime import UTC, datetime
from itertools import islice

import httpx

from exchange.errors import Refused, Unavailable
from exchange.failures import judge
from exchange.json_object import number_in, read_object
from exchange.retry_after import retry_after
from exchange.threatexchange.assumed import BUSY, TOKEN_REFUSED

_PIECES = 8
"""How many pieces of an error's body are read, so that it can neither grow nor drip for long."""


def judge_graph(response: httpx.Response, where: str) -> None:
    """Let a 2xx pass. Raises Unavailable for limits, 429, 5xx and their like, Refused for others.

    Of the body only the code is read: its message can quote the request.
    """
    if response.is_success:
        return
    status = response.status_code
    code = _code(response, where)
    if code in BUSY:
        raise Unavailable(
            f"{where}: it answered {status}: a limit is reached, or it is busy (code {code})",
            status=status,
            retry_after=retry_after(response.headers, datetime.now(UTC)),
        )
    if code in TOKEN_REFUSED:
        raise Refused(
            f"{where}: it answered {status}: it does not accept the access token (code {code}); "
            "check it in the settings",
            status=status,
        )
    judge(response, where)


def _code(response: httpx.Response, where: str) -> int | None:
    """The code of the error, None where there is none to be read."""
    try:
        error = read_object(b"".join(islice(response.iter_bytes(), _PIECES)), where).get("error")
    except (Unavailable, httpx.HTTPError):
        return None
    return number_in(error, "code") if isinstance(error, dict) else None
