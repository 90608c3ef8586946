"""`app.py sources`: connecting to a registry, over real HTTP."""

import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from flask import Flask

from tests.commands.conftest import Command, refused, said
from tests.registry.conftest import OURS, MakeRegistry

SECRET = f"{OURS.username}:{OURS.password}"


@pytest.fixture
def registry(make_registry: MakeRegistry, listen: Callable[[Flask], str], tmp_path: Path) -> str:
    """The address of a registry with one case of two pictures."""
    address = listen(make_registry(f"sqlite:///{tmp_path / 'registry.sqlite'}"))
    items = [
        {"kind": "image", "fingerprints": [{"algorithm": "md5", "value": f"{n:032x}"}]}
        for n in (1, 2)
    ]
    assert httpx.post(f"{address}/cases", json={"items": items}).is_success
    return address


def _add(command: Command, address: str, name: str = "Local") -> str:
    options = ("--kind", "ncmec", "--url", f"{address}/npo", "--secret", "local")
    return said(command("sources", "add", name, *options))


def test_a_source_is_added_asked_and_read(command: Command, registry: str) -> None:
    assert _add(command, registry) == "Local is added"
    words = said(command("sources", "test", "Local", SECRET_LOCAL=SECRET))
    assert words == f"Local answers; we are member {OURS.member_id}, {OURS.member_name}"
    assert "never read" in said(command("sources", "list"))
    read = ""
    for _ in range(40):  # the registry leaves its newest second for the next window
        read += said(command("sources", "sync", "Local", SECRET_LOCAL=SECRET))
        if "2 added" in read:
            break
        time.sleep(0.3)
    assert "2 added" in read
    assert "2 entries" in said(command("sources", "list"))


def test_a_registry_that_does_not_let_us_in_is_said(command: Command, registry: str) -> None:
    _add(command, registry)
    wrong = {"SECRET_LOCAL": f"{OURS.username}:wrong"}
    assert "401" in refused(command("sources", "test", "Local", **wrong))
    words = refused(command("sources", "sync", "Local", **wrong))
    assert "401" in words
    assert "wrong" not in words


def test_a_missing_secret_is_named(command: Command, registry: str) -> None:
    _add(command, registry)
    assert "SECRET_LOCAL" in refused(command("sources", "test", "Local"))
    assert "SECRET_LOCAL" in refused(command("sources", "sync", "Local"))


def test_a_paused_source_is_not_read(command: Command, registry: str) -> None:
    _add(command, registry)
    assert said(command("sources", "pause", "Local")) == "Local is paused"
    assert "(paused)" in said(command("sources", "list"))
    assert "--off" in refused(command("sources", "sync", "Local", SECRET_LOCAL=SECRET))
    assert said(command("sources", "pause", "Local", "--off")) == "Local is read again"


def test_what_cannot_be_is_said(command: Command, registry: str) -> None:
    _add(command, registry)
    options = ("--kind", "ncmec", "--url", "http://x.test", "--secret", "local")
    assert "Local" in refused(command("sources", "add", "Local", *options))
    for act in ("test", "pause", "sync"):
        assert "Other" in refused(command("sources", act, "Other"))
    bad = ("--kind", "ncmec", "--url", "ftp://x.test", "--secret", "local")
    refused(command("sources", "add", "Third", *bad))
    assert command("sources", "add", "Third", "--kind", "fax", *options[2:]).exit_code == 2
