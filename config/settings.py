"""The settings of one installation: typed, frozen, read once from the environment.

Outside development a missing or placeholder secret refuses to start and is named, all of them at
once, so that an operator needs one round and not five.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from config.policy import Policy, load_policy

ROOT = Path(__file__).resolve().parent.parent
SHIPPED_POLICY = ROOT / "config" / "policy.toml"
SECRET_PREFIX = "SECRET_"  # noqa: S105 - the prefix of names, not a secret
MIN_SECRET_LENGTH = 32
ENVIRONMENTS = ("production", "development")
PLACEHOLDERS = ("changeme", "change-me", "placeholder", "example", "secret", "password", "todo")


class SettingsError(Exception):
    """The environment does not make a complete, safe set of settings. Lists every fault."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("cannot start:\n" + "\n".join(f"  - {fault}" for fault in faults))
        self.faults = faults


class Settings(BaseModel):
    """What an installation is made of. Built by `load`, passed to `create_app` and the jobs."""

    model_config = ConfigDict(frozen=True)

    environment: Literal["development", "production"]
    data_dir: Path
    database_url: str = Field(repr=False)  # both may carry a password
    redis_url: str = Field(repr=False)
    secret_key: SecretStr
    platform_url: str | None
    platform_secret: SecretStr | None
    allow_private_destinations: bool
    trusted_proxies: int
    policy: Policy
    named_secrets: Mapping[str, SecretStr]

    @property
    def index_dir(self) -> Path:
        """Where this host keeps the index snapshots that its workers map."""
        return self.data_dir / "index"

    def secret(self, name: str) -> str | None:
        """The secret that a source names, from the variable SECRET_<NAME>; None where not set."""
        found = self.named_secrets.get(name.upper())
        return found.get_secret_value() if found else None


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from `environ` (the process's own by default).

    Raises SettingsError naming every variable that is missing, malformed or a placeholder.
    """
    env = os.environ if environ is None else environ
    faults: list[str] = []
    environment = env.get("ENVIRONMENT") or "production"
    if environment not in ENVIRONMENTS:
        faults.append(f"ENVIRONMENT must be one of {', '.join(ENVIRONMENTS)}")
    development = environment == "development"
    data_dir = Path(env.get("DATA_DIR") or ROOT / "var").resolve()
    secret_key = _secret(env, "SECRET_KEY", faults, must=True)
    platform_url = env.get("PLATFORM_URL") or None
    platform_secret = _secret(env, "PLATFORM_SECRET", faults, must=platform_url is not None)
    if platform_url and not platform_url.startswith("https://") and not development:
        faults.append("PLATFORM_URL must begin with https:// outside development")
    database_url = env.get("DATABASE_URL") or f"sqlite:///{data_dir / 'console.sqlite'}"
    if not database_url.startswith(("sqlite://", "postgresql+psycopg://", "postgresql://")):
        faults.append("DATABASE_URL must begin with postgresql:// or sqlite:///")
    redis_url = env.get("REDIS_URL", "")
    if not redis_url.startswith(("redis://", "rediss://", "unix://")):
        faults.append("REDIS_URL must be the address of Redis, as redis://host:6379/0")
    files = [Path(name) for name in env.get("POLICY_FILES", "").split(os.pathsep) if name]
    policy = _policy([SHIPPED_POLICY, *files], faults)
    proxies = env.get("TRUSTED_PROXIES") or "0"
    if not (proxies.isascii() and proxies.isdigit()):
        faults.append("TRUSTED_PROXIES must be a whole number: how many proxies stand in front")
    if faults:
        raise SettingsError(faults)
    assert policy is not None  # noqa: S101 - no fault means that it was read
    return Settings(
        environment="development" if development else "production",
        data_dir=data_dir,
        database_url=database_url.replace("postgresql://", "postgresql+psycopg://", 1),
        redis_url=redis_url,
        secret_key=SecretStr(secret_key),
        platform_url=platform_url,
        platform_secret=SecretStr(platform_secret) if platform_secret else None,
        allow_private_destinations=env.get("ALLOW_PRIVATE_DESTINATIONS") == "1",
        trusted_proxies=int(proxies),
        policy=policy,
        named_secrets={
            name.removeprefix(SECRET_PREFIX): SecretStr(value)
            for name, value in env.items()
            if name.startswith(SECRET_PREFIX) and name != "SECRET_KEY" and value
        },
    )


def _secret(env: Mapping[str, str], name: str, faults: list[str], *, must: bool) -> str:
    value = env.get(name, "")
    if not value and must:
        faults.append(f"{name} is missing: make one with `openssl rand -hex 32`")
    elif value and (len(value) < MIN_SECRET_LENGTH or _is_placeholder(value)):
        faults.append(
            f"{name} is a placeholder or shorter than {MIN_SECRET_LENGTH} characters: "
            "make one with `openssl rand -hex 32`"
        )
    return value


def _is_placeholder(value: str) -> bool:
    low = value.lower()
    return len(set(low)) < 8 or any(word in low for word in PLACEHOLDERS)


def _policy(files: list[Path], faults: list[str]) -> Policy | None:
    try:
        return load_policy(files)
    except (OSError, ValueError) as error:
        faults.append(f"policy: {error}")
        return None
