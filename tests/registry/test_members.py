"""Accounts of the settings, and what becomes of them when the settings change."""

import secrets

import pytest
from flask import Flask

from registry.members import AccountTaken
from tests.registry.conftest import OURS, MakeRegistry, SignIn

SECRET = secrets.token_hex(32)


def status(registry: Flask, sign_in: SignIn) -> int:
    return registry.test_client().get("/npo/v2/status", auth=sign_in.basic).status_code


def test_a_new_password_in_the_settings_replaces_the_old_one(
    registry_database_url: str, make_registry: MakeRegistry
) -> None:
    changed = SignIn(OURS.member_id, "Renamed", OURS.username, secrets.token_urlsafe(24))
    make_registry(registry_database_url, secret_key=SECRET)
    again = make_registry(registry_database_url, secret_key=SECRET)
    assert status(again, OURS) == 200
    after = make_registry(registry_database_url, secret_key=SECRET, accounts=(changed.settings,))
    assert status(after, OURS) == 401
    assert status(after, changed) == 200


def test_an_account_does_not_change_hands(
    registry_database_url: str, make_registry: MakeRegistry
) -> None:
    make_registry(registry_database_url)
    taken = SignIn(99, "Other", OURS.username, secrets.token_urlsafe(24))
    with pytest.raises(AccountTaken, match="belongs to member 42"):
        make_registry(registry_database_url, accounts=(taken.settings,))
