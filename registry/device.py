"""What the person's own device does: fingerprints files here, and sends only the fingerprints."""

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from exchange.errors import ExchangeError, Refused, Unavailable
from exchange.records import MediaKind
from matching.fingerprint import Fingerprint
from matching.limits import DEFAULT_LIMITS, MediaLimits
from matching.media import fingerprint_file
from matching.photo import PhotoFingerprints

TIMEOUT_SECONDS = 30.0
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}

Item = dict[str, Any]
"""One picture or video as `case_form.ItemForm` reads it."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file's fingerprints, ready to be sent. `exact_only`: too plain to find altered copies."""

    path: Path
    kind: MediaKind
    fingerprints: tuple[Fingerprint, ...]
    quality: int | None
    exact_only: bool

    @property
    def item(self) -> Item:
        """The form that is sent."""
        return {"kind": self.kind, "fingerprints": [self._form(f) for f in self.fingerprints]}

    def _form(self, fingerprint: Fingerprint) -> Item:
        form: Item = {"algorithm": fingerprint.algorithm, "value": fingerprint.hex}
        if fingerprint.algorithm == "pdq":
            form["quality"] = self.quality
        return form


@dataclass(frozen=True, slots=True)
class Opened:
    """What the person must write down."""

    number: str
    pin: str


def prepare(path: Path, limits: MediaLimits = DEFAULT_LIMITS) -> Prepared:
    """Fingerprint one file, here. Raises matching.reading.Unreadable with a reason for people."""
    made = fingerprint_file(path, limits)
    if isinstance(made, PhotoFingerprints):
        plain = made.too_plain
        return Prepared(
            path=path,
            kind=MediaKind.IMAGE,
            fingerprints=(made.md5, made.sha1) if plain else (made.pdq, made.md5, made.sha1),
            quality=None if plain else made.quality,
            exact_only=plain,
        )
    return Prepared(path, MediaKind.VIDEO, (made.md5, made.sha1), quality=None, exact_only=False)


class RegistryOverHttp:
    """A registry at an address, as the device talks to it."""

    def __init__(self, url: str) -> None:
        """Raises ValueError for an address over which fingerprints must not travel."""
        parts = urlsplit(url)
        if not (parts.scheme == "https" or parts.hostname in _LOOPBACK) or not parts.hostname:
            raise ValueError(
                "the registry's address begins with https:// (http:// for this machine only): "
                "fingerprints are not sent over an open line"
            )
        self._client = httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS)

    def __enter__(self) -> "RegistryOverHttp":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def open_case(self, items: list[Item], classification: str | None = None) -> Opened:
        """Submit a case. Raises exchange.errors.Refused or Unavailable."""
        form = {"classification": classification, "items": items}
        answer = self._ask("POST", "/cases", json=form)
        return Opened(number=answer["case"], pin=answer["pin"])

    def show(self, number: str, pin: str) -> dict[str, Any]:
        """How a case stands. Raises as `open_case`."""
        return self._ask("GET", f"/cases/{quote(number, safe='')}", headers=_bearer(pin))

    def withdraw(self, number: str, pin: str) -> dict[str, Any]:
        """Take a case back. Raises as `open_case`."""
        return self._ask("DELETE", f"/cases/{quote(number, safe='')}", headers=_bearer(pin))

    def _ask(self, method: str, path: str, **rest: Any) -> dict[str, Any]:
        try:
            response = self._client.request(method, path, **rest)
            answer = response.json()
        except httpx.ConnectError:
            there = self._client.base_url
            raise Unavailable(f"nothing answers at {there}; is the registry running?") from None
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable(
                f"no proper answer ({type(error).__name__}); it may have arrived all the same"
            ) from None
        if response.is_success:
            found: dict[str, Any] = answer
            return found
        raise _failure(response.status_code, answer)


def _bearer(pin: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {pin}"}


def _failure(status: int, answer: dict[str, Any]) -> ExchangeError:
    lines = [str(answer.get("error", "refused without a reason"))]
    lines += [f"{each['where']}: {each['what']}" for each in answer.get("problems", [])]
    kind = Unavailable if status == httpx.codes.TOO_MANY_REQUESTS or status >= 500 else Refused
    return kind("\n".join(lines), status=status)
