"""What a person may set of a source, and what it may not be."""

import hashlib
import json
import math
import re
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, replace

from config.policy import Matching
from exchange.errors import ExchangeError
from exchange.records import Told
from store.source import Source

ADDRESS = re.compile(r"[^\s?#@\x00-\x1f\x7f]{1,300}")
SECRET = re.compile(r"[A-Za-z0-9_]{1,80}")
MEMBER = re.compile(r"[^\s,]{1,100}")
MEMBERS = 200
LONGEST_DUE_HOURS = 24 * 30


class SourceRefused(ValueError):
    """A source cannot be made or changed so. Says what and why; `field` is the setting meant."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class RegistryKind:
    """A kind of registry, as far as the rules have to know it.

    `check` takes an address, the name of a secret and member ids; it raises ExchangeError for what
    no registry of this kind can have. Nothing is sent for that.
    """

    name: str
    told: frozenset[Told]
    needs_secret: bool
    check: Callable[[str, str, Collection[str]], None]


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """What can be changed of a source. Without member ids everybody's entries are read.

    `due_hours`, `pdq_distance` in bits and `pdq_quality` are None where the policy's hold.
    """

    base_url: str
    secret_name: str = ""
    member_ids: tuple[str, ...] = ()
    due_hours: float | None = None
    pdq_distance: int | None = None
    pdq_quality: int | None = None

    @property
    def version(self) -> str:
        """Changes with every setting, so that a form that was opened earlier is recognised."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()[:12]

    def tidied(self) -> "SourceSettings":
        """The same as it is kept: no space or slash at the end, each member once."""
        members = tuple(dict.fromkeys(one.strip() for one in self.member_ids if one.strip()))
        address, secret = self.base_url.strip().rstrip("/"), self.secret_name.strip()
        return replace(self, base_url=address, secret_name=secret, member_ids=members)


def settings_of(source: Source) -> SourceSettings:
    """How a source is set."""
    return SourceSettings(
        source.base_url,
        source.secret_name,
        tuple(source.member_ids),
        source.due_hours,
        source.pdq_distance,
        source.pdq_quality,
    )


def check(wanted: SourceSettings, kind: RegistryKind, rules: Matching) -> None:
    """Raise SourceRefused for settings that a source of `kind` cannot have under the policy."""
    _check_connection(wanted, kind)
    due, distance, quality = wanted.due_hours, wanted.pdq_distance, wanted.pdq_quality
    if due is not None and not (math.isfinite(due) and 0 < due <= LONGEST_DUE_HOURS):
        raise SourceRefused(
            f"the due time must be more than 0 and at most {LONGEST_DUE_HOURS} hours", "due_hours"
        )
    if distance is not None and not 0 <= distance <= rules.pdq_distance:
        raise SourceRefused(
            f"the distance must be from 0 to {rules.pdq_distance} bits. A source can be stricter "
            "than the policy, never wider: for more, change pdq_distance in the policy",
            "pdq_distance",
        )
    if quality is not None and not rules.pdq_quality <= quality <= 100:
        raise SourceRefused(
            f"the quality must be from {rules.pdq_quality} to 100. A source can be stricter than "
            "the policy, never laxer: for less, change pdq_quality in the policy",
            "pdq_quality",
        )


def stricter(rules: Matching, distance: int | None, quality: int | None) -> Matching:
    """The policy's thresholds, or a source's own where those are the stricter ones."""
    return Matching(
        pdq_distance=rules.pdq_distance if distance is None else min(distance, rules.pdq_distance),
        pdq_quality=rules.pdq_quality if quality is None else max(quality, rules.pdq_quality),
    )


def _check_connection(wanted: SourceSettings, kind: RegistryKind) -> None:
    if not ADDRESS.fullmatch(wanted.base_url):
        raise SourceRefused(
            "the address must have 1 to 300 characters and hold no space, user name, password, "
            "query or fragment; it is shown and logged",
            "base_url",
        )
    if not wanted.secret_name and kind.needs_secret:
        raise SourceRefused(
            "a registry of this kind asks for a secret: give its name", "secret_name"
        )
    if wanted.secret_name and not kind.needs_secret:
        raise SourceRefused("a source of this kind takes no secret: leave it empty", "secret_name")
    if wanted.secret_name and not SECRET.fullmatch(wanted.secret_name):
        raise SourceRefused(
            f"secret name {wanted.secret_name[:80]!r}: letters, digits, underline; up to 80",
            "secret_name",
        )
    if len(wanted.member_ids) > MEMBERS or not all(map(MEMBER.fullmatch, wanted.member_ids)):
        raise SourceRefused(
            f"member ids: up to {MEMBERS}, each up to 100 characters without spaces or commas",
            "member_ids",
        )
    try:
        kind.check(wanted.base_url, wanted.secret_name, wanted.member_ids)
    except ExchangeError as error:
        raise SourceRefused(str(error), "base_url") from None
