"""The environment makes a complete and safe set of settings, or every fault is named at once."""

import os
from pathlib import Path

import pytest

from config.settings import ROOT, SettingsError, load

SECRET = "9f2b6c1d0e8a7354f1c2b3a4958677e0d1c2b3a4f5e6d7c8b9a0f1e2d3c4b5a6"
GOOD = {
    "SECRET_KEY": SECRET,
    "REDIS_URL": "redis://:pass-of-redis@127.0.0.1:6379/0",
    "DATABASE_URL": "postgresql://console:pass-of-postgres@db/console",
    "PLATFORM_URL": "https://platform.test/takedown",
    "PLATFORM_SECRET": SECRET[1:] + "0",
    "SECRET_NCMEC": "user:pass-of-ncmec",
}


def _faults(**changed: str | None) -> list[str]:
    environ = GOOD | {name: value for name, value in changed.items() if value is not None}
    for name, value in changed.items():
        if value is None:
            del environ[name]
    with pytest.raises(SettingsError) as caught:
        load(environ)
    for fault in caught.value.faults:
        assert fault in str(caught.value)
    return caught.value.faults


def test_a_complete_environment_is_taken(tmp_path: Path) -> None:
    settings = load(GOOD | {"DATA_DIR": str(tmp_path), "TRUSTED_PROXIES": "2"})
    assert settings.environment == "production"
    assert settings.database_url == "postgresql+psycopg://console:pass-of-postgres@db/console"
    assert settings.secret("ncmec") == settings.secret("NCMEC") == "user:pass-of-ncmec"
    assert settings.secret("key") is None, "the key of the sessions is no source's secret"
    assert settings.secret("other") is None
    assert settings.index_dir == tmp_path / "index"
    assert settings.trusted_proxies == 2
    assert not settings.allow_private_destinations


def test_without_a_database_it_is_sqlite_in_the_data_directory(tmp_path: Path) -> None:
    environ = GOOD | {"DATA_DIR": str(tmp_path)}
    del environ["DATABASE_URL"]
    assert load(environ).database_url == f"sqlite:///{tmp_path / 'console.sqlite'}"


def test_every_fault_is_named_at_once() -> None:
    faults = _faults(
        SECRET_KEY=None,
        REDIS_URL=None,
        DATABASE_URL="mysql://db",
        PLATFORM_URL="http://platform.test",
        PLATFORM_SECRET=None,
        TRUSTED_PROXIES="some",
        ENVIRONMENT="staging",
        POLICY_FILES="/nowhere/policy.toml",
    )
    named = (
        *("SECRET_KEY", "REDIS_URL", "DATABASE_URL", "PLATFORM_URL"),
        *("PLATFORM_SECRET", "TRUSTED_PROXIES", "ENVIRONMENT", "/nowhere/policy.toml"),
    )
    assert len(faults) == len(named)
    for name in named:
        assert any(name in fault for fault in faults), name


@pytest.mark.parametrize("name", ["SECRET_KEY", "PLATFORM_SECRET"])
@pytest.mark.parametrize(
    "value",
    [
        "",
        SECRET[:31],
        "change-me-" + SECRET,
        "this-is-an-Example-of-32-characters",
        "PLACEHOLDER" + SECRET,
        "0123" * 16,
        "x" * 64,
    ],
)
def test_a_missing_short_or_placeholder_secret_refuses_to_start(name: str, value: str) -> None:
    (fault,) = _faults(**{name: value})
    assert fault.startswith(name)
    assert "openssl rand -hex 32" in fault
    assert not value or value not in fault


def test_development_may_speak_http_to_the_platform_and_still_needs_secrets() -> None:
    environ = GOOD | {"ENVIRONMENT": "development", "PLATFORM_URL": "http://127.0.0.1:8002/x"}
    assert load(environ).environment == "development"
    assert _faults(ENVIRONMENT="development", SECRET_KEY=None)


def test_without_a_platform_no_secret_of_it_is_asked_for() -> None:
    environ = dict(GOOD)
    del environ["PLATFORM_URL"], environ["PLATFORM_SECRET"]
    assert load(environ).platform_secret is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRUSTED_PROXIES", "²"),
        ("TRUSTED_PROXIES", "-1"),
        ("REDIS_URL", "127.0.0.1:6379"),
        ("DATABASE_URL", "postgres"),
    ],
)
def test_what_is_malformed_is_named(name: str, value: str) -> None:
    (fault,) = _faults(**{name: value})
    assert name in fault


def test_no_secret_shows_itself() -> None:
    settings = load(GOOD)
    shown = repr(settings) + str(settings)
    for secret in (SECRET, SECRET[::-1], SECRET[1:], "pass-of-"):
        assert secret not in shown


def test_settings_are_frozen() -> None:
    settings = load(GOOD)
    with pytest.raises(ValueError, match="frozen"):
        settings.environment = "development"


def test_policy_files_change_single_keys_of_the_shipped_policy(tmp_path: Path) -> None:
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    first.write_text("sync_minutes = 20\n[lease]\nminutes = 5\n")
    second.write_text("[lease]\nminutes = 7\n")
    policy = load(GOOD | {"POLICY_FILES": f"{first}{os.pathsep}{second}"}).policy
    assert (policy.sync_minutes, policy.lease.minutes) == (20, 7)
    assert policy.matching.pdq_distance == load(GOOD).policy.matching.pdq_distance
    assert ROOT / "config" / "policy.toml" not in (first, second)


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("SECRET_") or name in GOOD:
            monkeypatch.delenv(name)
    with pytest.raises(SettingsError):
        load()
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    assert load().secret("NCMEC") == "user:pass-of-ncmec"
