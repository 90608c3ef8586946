"""The settings of one registry: typed, frozen, from the environment (REGISTRY_...).

There are no default passwords. A missing or placeholder secret refuses to start and is named,
all faults at once.
"""

import json
from typing import Annotated

from limits import parse_many
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from registry.case_form import MAX_ITEMS
from registry.names import MAX_ID, MemberName, Username

MIN_SECRET = 32
MIN_PASSWORD = 16
PLACEHOLDERS = ("changeme", "change-me", "placeholder", "example", "secret", "password", "todo")
PAGE_SIZE = 1000
"""Entries a page: NCMEC's own."""

MemberId = Annotated[int, Field(ge=1, le=MAX_ID)]


class RegistrySettingsError(Exception):
    """The environment does not make a complete, safe set of settings. Lists every fault."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("the registry cannot start:\n" + "\n".join(f"  - {f}" for f in faults))
        self.faults = faults


class AccountSettings(BaseModel):
    """One account that exists from the start: a member and its HTTP Basic credentials."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    member_id: MemberId
    member_name: MemberName
    username: Username
    password: SecretStr

    @field_validator("password")
    @classmethod
    def _strong(cls, value: SecretStr) -> SecretStr:
        return _refuse_weak(value, MIN_PASSWORD)


def _rate_limit(value: str) -> str:
    """Flask-Limiter logs a limit that it cannot read and goes on without it: refused here."""
    try:
        parse_many(value)
    except ValueError:
        raise ValueError('a rate limit is written like "60 per hour"') from None
    return value


RateLimit = Annotated[str, AfterValidator(_rate_limit)]


def _from_json(value: object) -> object:
    """A list in the environment is JSON. Said here, and not by a parser that repeats it."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError("a list of accounts is written as JSON: [{...}]") from None


class RegistrySettings(BaseSettings):
    """What a registry is made of. Read by `load`, passed to `create_registry`.

    Rate limits are written as Flask-Limiter reads them ("600 per minute") and are counted per
    address, `case_limit` also per case number. They are counted in `rate_limit_storage`; in
    "memory://" each worker process counts for itself.
    """

    model_config = SettingsConfigDict(
        env_prefix="REGISTRY_", frozen=True, extra="forbid", hide_input_in_errors=True
    )

    secret_key: SecretStr
    database_url: str = Field(default="sqlite:///var/registry.sqlite", repr=False)
    base_path: str = Field(default="/npo", pattern=r"^(/[a-z0-9-]+)+$")
    port: int = Field(default=8001, ge=1, le=65535)
    trusted_proxies: int = Field(default=0, ge=0, le=5)

    case_member_id: MemberId = 1
    case_member_name: MemberName = "Take It Down"
    accounts: Annotated[tuple[AccountSettings, ...], NoDecode, BeforeValidator(_from_json)] = ()

    page_size: int = Field(default=PAGE_SIZE, ge=1, le=PAGE_SIZE)
    max_case_items: int = Field(default=MAX_ITEMS, ge=1, le=MAX_ITEMS)
    sharing_limit: RateLimit = "1200 per minute"
    submit_limit: RateLimit = "60 per hour"
    case_limit: RateLimit = "30 per hour"
    rate_limit_storage: str = Field(default="memory://", repr=False)

    @field_validator("secret_key")
    @classmethod
    def _strong(cls, value: SecretStr) -> SecretStr:
        return _refuse_weak(value, MIN_SECRET)

    @field_validator("database_url")
    @classmethod
    def _driver(cls, value: str) -> str:
        return value.replace("postgresql://", "postgresql+psycopg://", 1)


def load() -> RegistrySettings:
    """Read the settings from the process's environment.

    Raises RegistrySettingsError naming every variable that is missing, malformed or a placeholder.
    """
    try:
        return RegistrySettings()  # type: ignore[call-arg]  # filled from the environment
    except ValidationError as error:
        faults = [_fault(each["loc"], each["msg"]) for each in error.errors(include_input=False)]
    raise RegistrySettingsError(faults)


def _fault(where: tuple[int | str, ...], message: str) -> str:
    variable, *rest = where
    inside = "".join(f"[{part}]" for part in rest)
    return f"REGISTRY_{str(variable).upper()}{inside}: {message.removeprefix('Value error, ')}"


def _refuse_weak(value: SecretStr, shortest: int) -> SecretStr:
    text = value.get_secret_value()
    if len(text) < shortest or len(set(text)) < 8 or any(w in text.lower() for w in PLACEHOLDERS):
        raise ValueError(
            f"a placeholder, or shorter than {shortest} characters: "
            "make one with `openssl rand -hex 32`"
        )
    return value
