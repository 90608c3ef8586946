"""What a registry refuses to start with."""

import json
import secrets

import pytest

from registry.settings import RegistrySettingsError, load

GOOD = secrets.token_hex(32)


def account(**changed: object) -> str:
    values = {"member_id": 42, "member_name": "Ours", "username": "ours", "password": GOOD}
    return json.dumps([values | changed])


def test_it_needs_a_secret_key_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTRY_SECRET_KEY", GOOD)
    settings = load()
    assert settings.accounts == (), "there is no account that nobody asked for"
    assert (settings.base_path, settings.page_size, settings.port) == ("/npo", 1000, 8001)
    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "changeme" * 8),
        ("SECRET_KEY", "a" * 64),
        ("ACCOUNTS", account(password="short")),
        ("ACCOUNTS", account(password="a-password-that-is-one")),
        ("ACCOUNTS", account(member_id=0)),
        ("ACCOUNTS", account(member_name="new\nline")),
        ("ACCOUNTS", account(username="a b")),
        ("ACCOUNTS", account(extra=1)),
        ("BASE_PATH", "npo/"),
        ("PORT", "http"),
        ("PAGE_SIZE", "5000"),
        ("SUBMIT_LIMIT", "often"),
        ("CASE_MEMBER_NAME", "\x07"),
    ],
)
def test_what_is_missing_or_a_placeholder_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv("REGISTRY_SECRET_KEY", GOOD)
    monkeypatch.setenv(f"REGISTRY_{variable}", value)
    with pytest.raises(RegistrySettingsError) as caught:
        load()
    (fault,) = caught.value.faults
    assert fault.startswith(f"REGISTRY_{variable}")
    assert GOOD not in str(caught.value)
    assert "password-that-is-one" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_all_faults_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REGISTRY_SECRET_KEY", raising=False)
    monkeypatch.setenv("REGISTRY_PORT", "0")
    with pytest.raises(RegistrySettingsError) as caught:
        load()
    assert len(caught.value.faults) == 2


def test_accounts_that_are_no_json_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTRY_SECRET_KEY", GOOD)
    monkeypatch.setenv("REGISTRY_ACCOUNTS", "ours:" + GOOD)
    with pytest.raises(RegistrySettingsError, match="REGISTRY_ACCOUNTS") as caught:
        load()
    assert GOOD not in str(caught.value)


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTRY_SECRET_KEY", GOOD)
    monkeypatch.setenv("REGISTRY_ACCOUNTS", account())
    monkeypatch.setenv("REGISTRY_DATABASE_URL", f"postgresql://u:{GOOD}@db/registry")
    settings = load()
    assert GOOD not in repr(settings)
    assert settings.database_url.startswith("postgresql+psycopg://")
