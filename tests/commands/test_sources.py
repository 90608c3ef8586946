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
    assert "never read" in said(command("sources", "show", "Local"))
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
    shown = said(command("sources", "show", "Local", "--runs", "1", SECRET_LOCAL=SECRET))
    assert "local (set)" in shown
    assert "2 active, 0 withdrawn" in shown
    assert "2 added" in shown
    assert SECRET not in shown


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
    options = ("--kind", "ncmec", "--url", "https://x.test", "--secret", "local")
    assert "Local" in refused(command("sources", "add", "Local", *options))
    for act in ("test", "pause", "sync", "show", "change"):
        assert "Other" in refused(command("sources", act, "Other"))
    bad = ("--kind", "ncmec", "--url", "ftp://x.test", "--secret", "local")
    refused(command("sources", "add", "Third", *bad))
    wide = (*options[:3], f"{registry}/npo", *options[4:], "--distance", "32")
    assert "change pdq_distance in the policy" in refused(command("sources", "add", "Wide", *wide))
    assert command("sources", "add", "Wide", *options, "--distance", "near").exit_code == 2
    assert command("sources", "add", "Third", "--kind", "fax", *options[2:]).exit_code == 2


def test_a_source_is_changed_and_what_it_had_of_its_own_taken_back(
    command: Command, registry: str
) -> None:
    _add(command, registry)
    own = ("--distance", "20", "--quality", "70", "--due-hours", "6.5", "--member", "7")
    told = said(command("sources", "change", "Local", *own))
    assert "pdq_distance: policy -> 20" in told
    assert "member_ids: all -> 7" in told
    assert "read from the beginning" in told
    shown = said(command("sources", "show", "Local"))
    assert [line.split()[-1] for line in shown.splitlines() if "pdq" in line] == ["20", "70"]
    back = ("--distance", "policy", "--due-hours", "policy", "--all-members")
    told = said(command("sources", "change", "Local", *back))
    assert "due_hours: 6.5 -> policy" in told
    assert "matched with its entries again" in told
    assert said(command("sources", "change", "Local")) == "Nothing was changed."
    both = ("--member", "7", "--all-members")
    assert command("sources", "change", "Local", *both).exit_code == 2


def test_the_address_of_a_source_is_changed(command: Command, registry: str) -> None:
    _add(command, "https://gone.test")
    assert "must be https" in refused(command("sources", "change", "Local", "--url", "http://x.y"))
    said(command("sources", "change", "Local", "--url", f"{registry}/npo"))
    assert "we are member" in said(command("sources", "test", "Local", SECRET_LOCAL=SECRET))


def test_a_file_of_fingerprints_needs_no_secret(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("id,algorithm,value\none,md5," + "0f" * 16 + "\n")
    said(command("sources", "add", "Ours", "--kind", "file", "--url", f"file://{file}"))
    assert "we are member file, list.csv" in said(command("sources", "test", "Ours"))
    assert "1 added" in said(command("sources", "sync", "Ours"))
    shown = said(command("sources", "show", "Ours"))
    assert "told          nothing" in shown
