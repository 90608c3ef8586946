"""One connection to one outside party: what may go out, and how much may come back.

Everything that leaves or enters through HTTP passes here, so the limits hold for every registry
and for the platform: time, size, verified TLS, no redirects, no cookies, no proxy or key from the
environment.
"""

import logging
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from exchange.address import base_url
from exchange.closing import Closing
from exchange.errors import Unavailable
from exchange.failures import judge, translate
from exchange.timestamps import read_http_date

logger = logging.getLogger(__name__)

# httpx logs whole URLs at INFO, and httpcore logs at DEBUG every header received and, where an
# answer is not HTTP, its bytes. The line that an operator needs is logged below instead.
for _talkative in ("httpx", "httpcore"):
    logging.getLogger(_talkative).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how large an answer may be. Times in seconds, `size` in bytes as unpacked.

    `pauses` are the waits before the second, third, … try of a GET, for a fault that passes in a
    moment; longer ones are the caller's to wait out. Anything but a GET is tried once.
    """

    connect: float = 10.0
    silence: float = 30.0
    total: float = 120.0
    size: int = 16 * 1024 * 1024
    pauses: tuple[float, ...] = (0.5, 2.0)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that was accepted (2xx). The body may hold fingerprints and never shows itself.

    `date` is the other side's clock, where it says.
    """

    status: int
    body: bytes = field(repr=False)
    date: datetime | None


class Connection(Closing):
    """Keeps connections to one party open and asks it one thing after another.

    `party` names it in errors. `plain` allows http to other machines. `transport` replaces the way
    out (see exchange.pinned), `tls` the trusted certificates, by default those of the certifi
    package. `verdict` lets an accepted answer pass and raises for others, before any of the body
    is read. Safe to share between threads.
    """

    def __init__(
        self,
        address: str,
        party: str,
        *,
        plain: bool = False,
        auth: httpx.Auth | None = None,
        transport: httpx.BaseTransport | None = None,
        tls: ssl.SSLContext | None = None,
        limits: Limits | None = None,
        verdict: Callable[[httpx.Response, str], None] = judge,
    ) -> None:
        self.party = party
        self._verdict = verdict
        self.base = base_url(address, party, plain=plain)
        self._limits = limits or Limits()
        self._client = httpx.Client(
            auth=auth,
            # Only gzip: what other packings can unpack to is not bounded by one piece.
            headers={"Accept-Encoding": "gzip", "User-Agent": "takedown-console"},
            timeout=httpx.Timeout(self._limits.silence, connect=self._limits.connect),
            follow_redirects=False,
            trust_env=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            transport=transport,
            verify=tls or True,
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.party!r}, {str(self.base)!r})"

    def close(self) -> None:
        """Close the connections. Nothing can be asked afterwards."""
        self._client.close()

    def get(
        self,
        path: str,
        what: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """GET `path`, already percent-encoded, beneath the base. `what` names it in errors.

        A fault that may pass in a moment is tried again (Limits.pauses). Raises Unavailable and
        Refused.
        """
        started = time.monotonic()
        for pause in self._limits.pauses:
            try:
                return self._once("GET", path, what, params=params, headers=headers)
            except Unavailable as failure:
                stumbled = failure.status is None or failure.status >= 500
                hopeless = time.monotonic() - started > self._limits.silence
                if hopeless or not stumbled or failure.retry_after is not None:
                    raise
                time.sleep(pause)
        return self._once("GET", path, what, params=params, headers=headers)

    def send(
        self, method: str, path: str, what: str, body: bytes, headers: Mapping[str, str]
    ) -> Answer:
        """Send `body` once; whoever calls retries. Raises Unavailable and Refused."""
        return self._once(method, path, what, content=body, headers=headers)

    def _once(
        self,
        method: str,
        path: str,
        what: str,
        *,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        where = f"{self.party}: {what}"
        started = time.monotonic()
        try:
            request = self._client.build_request(
                method, self._url(path), params=params, content=content, headers=headers
            )
            response = self._client.send(request, stream=True)
            try:
                self._verdict(response, where)
                answer = Answer(
                    response.status_code,
                    self._body(response, where, started),
                    read_http_date(response.headers.get("date", "")),
                )
            finally:
                response.close()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise translate(error, where) from None
        took = time.monotonic() - started
        logger.info("%s: %d, %d bytes, %.2f s", where, answer.status, len(answer.body), took)
        return answer

    def _url(self, path: str) -> str:
        return f"{str(self.base).rstrip('/')}{path}" if path else str(self.base)

    def _body(self, response: httpx.Response, where: str, started: float) -> bytes:
        """The body, read piece by piece so that neither its size nor its time can run away."""
        body = bytearray()
        for piece in response.iter_bytes():
            body += piece
            if len(body) > self._limits.size:
                raise Unavailable(
                    f"{where}: the answer is larger than {self._limits.size} bytes",
                    status=response.status_code,
                )
            if time.monotonic() - started > self._limits.total:
                raise Unavailable(
                    f"{where}: the answer took longer than {self._limits.total:g} s",
                    status=response.status_code,
                )
        return bytes(body)
