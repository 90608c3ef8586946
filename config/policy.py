"""The policy: what may be decided how fast, by which thresholds and with which reasons.

Read from TOML; a later file overrides single keys of an earlier one. The policy's version is a
digest of its content, so that every decision can name the exact rules it was made under.
"""

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from limits import parse_many
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from matching.fingerprint import Algorithm


class Rules(BaseModel):
    """Base of the policy's parts: frozen, and an unknown key is an error, not a wish unheard."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Matching(Rules):
    """When two fingerprints match. Distances in bits, inclusive; quality 0 to 100."""

    pdq_distance: int = Field(ge=0, le=63)
    pdq_quality: int = Field(ge=0, le=100)

    def threshold(self, algorithm: Algorithm) -> int:
        """Greatest distance in bits at which `algorithm` matches; 0 is equality."""
        return self.pdq_distance if algorithm is Algorithm.PDQ else 0


class Upload(Rules):
    """What is answered at upload time for an exact copy and for any other match."""

    exact: Literal["block", "hold"]
    near: Literal["block", "hold"]


class Clock(Rules):
    """How long a hit may wait, in hours, by the kind of registry; and when it is at risk."""

    due_hours: float = Field(gt=0)
    at_risk_share: float = Field(gt=0, lt=1)
    registries: Mapping[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)

    def due_in(self, kind: str) -> timedelta:
        """Time from a hit's opening to its due time, for an entry of a registry of `kind`."""
        return timedelta(hours=self.registries.get(kind, self.due_hours))


class RateLimits(Rules):
    """How often one person, and one key, may ask, as Flask-Limiter reads it."""

    pages: str
    api: str

    @field_validator("pages", "api")
    @classmethod
    def _readable(cls, value: str) -> str:
        parse_many(value)  # Flask-Limiter would log an unreadable limit and go on without it
        return value


class Lease(Rules):
    """How long a claim lasts without work, and how long a hit that somebody passed over is not
    offered to them again."""

    minutes: int = Field(ge=1, le=240)
    skipped_hours: float = Field(gt=0)

    @property
    def length(self) -> timedelta:
        """The same as a duration."""
        return timedelta(minutes=self.minutes)


class Holds(Rules):
    """How long an outbound message waits before it leaves, in seconds, by destination."""

    registry_seconds: int = Field(ge=0)
    platform_seconds: int = Field(ge=0)


class Outbox(Rules):
    """How delivery is retried. Seconds; the wait doubles from `first` to `longest`.

    `sending_seconds` is longer than any answer may take (exchange.connection.Limits): a sending
    is taken for lost after it, and of two under way at once the older could arrive last. After
    `circuit_failures` in a row a destination is left alone, for a wait that doubles up to
    `circuit_longest_seconds`; `per_minute` is the most that any destination is sent.
    """

    first_retry_seconds: float = Field(gt=0)
    longest_retry_seconds: float = Field(gt=0)
    attempts: int = Field(ge=1)
    sending_seconds: float = Field(gt=0)
    circuit_failures: int = Field(ge=1)
    circuit_longest_seconds: float = Field(gt=0)
    per_minute: int = Field(ge=1)


class Platform(Rules):
    """Whether content that the platform shows is held while its hit is open, by how near it is."""

    hold: Literal["none", "exact", "all"]


class Suspicion(Rules):
    """From how many on an entry is set to review only: items matched within a day, hits disputed
    here, other members that dispute it."""

    matches_per_day: int = Field(ge=2)
    disputed_here: int = Field(ge=1)
    disputed_by_peers: int = Field(ge=1)


class SecondPerson(Rules):
    """Which decisions ask for a second person: disputes of entries that others have confirmed, and
    more than `bulk_over` hits at once (None: never)."""

    dispute_of_confirmed: bool
    bulk_over: int | None = Field(default=None, ge=1)


class Groups(Rules):
    """How many hits one decision covers at most."""

    at_most: int = Field(ge=1, le=1_000)


class Automatic(Rules):
    """What the policy decides by itself: exact copies of entries that `peers` members confirmed.

    `sample_share` of these decisions, from 0 to 1, is put before a person afterwards.
    """

    enabled: bool
    verdict: Literal["confirm", "remove"]
    reason: str
    peers: int = Field(ge=1)
    sample_share: float = Field(ge=0, le=1)


class ReasonText(Rules):
    """One reason a person can choose for a decision: a stable code and plain words."""

    code: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    words: str = Field(min_length=1, max_length=120)


class Reasons(Rules):
    """The reasons for each verdict, the first of them the usual one, and for passing a hit over.

    A dispute also takes one of the registry's own.
    """

    confirm: tuple[ReasonText, ...] = Field(min_length=1)
    remove: tuple[ReasonText, ...] = Field(min_length=1)
    dispute: tuple[ReasonText, ...] = Field(min_length=1)
    skip: tuple[ReasonText, ...] = Field(min_length=1)

    def of(self, verdict: str) -> tuple[ReasonText, ...]:
        """The reasons for `verdict`; an unknown verdict has none."""
        found: tuple[ReasonText, ...] = getattr(self, verdict, ())
        return found


class Guidance(Rules):
    """When to choose a verdict, in the words of the installation's own policy, with examples."""

    when: str = Field(min_length=1, max_length=600)
    examples: tuple[str, ...] = ()


class GuidanceOnVerdicts(Rules):
    """What stands beside the decision, for each verdict."""

    confirm: Guidance
    remove: Guidance
    dispute: Guidance


class Priority(Rules):
    """Points that make a hit more urgent; the queue shows which applied.

    A point puts a hit `minutes_per_point` ahead of its due time in the queue, so that what is
    less urgent is never starved: waiting always wins in the end.
    """

    exact: int
    near: int
    confirmed_by_peers: int
    confirmed_here: int
    many_sightings: int
    disputed_by_peers: int
    disputed_here: int
    near_distance: int = Field(ge=0, le=63)
    many_sightings_from: int = Field(ge=2)
    minutes_per_point: float = Field(ge=0)


class ExposureRules(Rules):
    """When a pause is offered: after so many hits, or minutes, in a row.

    A row ends with a gap of `break_minutes` between two decisions. Limits for a day count from
    `day_begins_hour`, UTC: best when nobody works.
    """

    pause_after_hits: int = Field(ge=1)
    pause_after_minutes: int = Field(ge=1)
    break_minutes: int = Field(ge=1, le=240)
    day_begins_hour: int = Field(ge=0, le=23)

    @property
    def break_length(self) -> timedelta:
        """The gap as a duration."""
        return timedelta(minutes=self.break_minutes)


class Policy(Rules):
    """All rules together. `version` is a digest of what they say."""

    matching: Matching
    upload: Upload
    clock: Clock
    limits: RateLimits
    lease: Lease
    exposure: ExposureRules
    holds: Holds
    outbox: Outbox
    platform: Platform
    suspicion: Suspicion
    automatic: Automatic
    second_person: SecondPerson
    groups: Groups
    reasons: Reasons
    guidance: GuidanceOnVerdicts
    priority: Priority
    classifications: Mapping[str, str]
    sync_minutes: int = Field(ge=1)

    @model_validator(mode="after")
    def _automatic_reason_is_known(self) -> Self:
        known = {one.code for one in self.reasons.of(self.automatic.verdict)}
        if self.automatic.reason not in known:
            raise ValueError(
                f"automatic.reason: {self.automatic.reason!r} is none of the reasons for "
                f"{self.automatic.verdict}: {', '.join(sorted(known))}"
            )
        return self

    @property
    def version(self) -> str:
        """First 12 hex digits of the SHA-256 of the canonical JSON of these rules."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]

    def plain_words(self, classification: str | None) -> str:
        """A registry's classification in words a person can read all day."""
        if not classification:
            return "Not classified"
        return self.classifications.get(classification, f"Classified {classification}")


def load_policy(files: Sequence[Path]) -> Policy:
    """Read `files` in order, later ones overriding.

    Raises OSError for an unreadable file, ValueError naming file and key for a malformed one.
    """
    merged: dict[str, Any] = {}
    for path in files:
        try:
            merged = _merge(merged, tomllib.loads(path.read_text(encoding="utf-8")))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"{path} is not TOML: {error}") from error
    try:
        return Policy.model_validate(merged)
    except ValidationError as error:
        names = ", ".join(str(path) for path in files)
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
            for fault in error.errors()
        )
        raise ValueError(f"{names}: {faults}") from error


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    return base | {
        key: _merge(base[key], value)
        if isinstance(value, dict) and isinstance(base.get(key), dict)
        else value
        for key, value in over.items()
    }
