"""The command line: as an operator runs it, and as a person submits with it."""

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result
from flask import Flask, request
from PIL import Image
from skimage import data

from matching.photo import fingerprint_photo
from registry.commands import ROOT
from registry.commands import registry as command
from registry.device import RegistryOverHttp
from tests.registry.conftest import MakeRegistry
from tests.registry.lists import Reader

SHIPPED = Path(data.__file__).parent
Listen = Callable[[Flask], str]


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Two free photographs, a plain picture, a text and a file that is not there."""
    paths = [tmp_path / name for name in ("a.png", "b.jpg", "plain.png", "text.png", "none.png")]
    Image.open(SHIPPED / "astronaut.png").resize((256, 256)).save(paths[0])
    Image.open(SHIPPED / "chelsea.png").resize((300, 200)).save(paths[1])
    Image.new("RGB", (128, 128), "white").save(paths[2])
    paths[3].write_text("not a picture")
    return paths


def run(*arguments: str, **env: str) -> Result:
    return CliRunner(env=env).invoke(command, list(arguments), catch_exceptions=False)


def cases_of(result: Result) -> list[tuple[str, str]]:
    return re.findall(r"^case (\S+)  PIN (\d+) ", result.stdout, re.MULTILINE)


def test_submitting_sends_fingerprints_only(
    registry: Flask, listen: Listen, photos: list[Path]
) -> None:
    sent: list[bytes] = []
    address = listen(_recording(registry, sent))
    result = run("submit", "--registry", address, *map(str, photos))
    assert result.exit_code == 0
    ((number, pin),) = cases_of(result)
    assert "(3 files)" in result.stdout
    assert f"skipped {photos[3]}: " in result.stderr
    assert f"skipped {photos[4]}: no such file" in result.stderr
    assert f"{photos[2]}: too plain for altered copies" in result.stderr

    listed = {e.element.findtext("{*}fingerprints/{*}md5"): e for e in Reader(registry).window()}
    made = [fingerprint_photo(path) for path in photos[:3]]
    assert set(listed) == {each.md5.hex for each in made}
    pdqs = [listed[m.md5.hex].element.findtext("{*}fingerprints/{*}pdq") for m in made]
    assert pdqs == [made[0].pdq.hex, made[1].pdq.hex, None]
    (body,) = sent
    assert len(body) < 2000
    for path in photos[:3]:
        assert path.name.encode() not in body
        assert path.read_bytes()[100:140] not in body

    shown = run("show", number, "--pin", pin, "--registry", address)
    assert shown.stdout.count("on the list that platforms look for") == 3
    gone = run("withdraw", number, "--pin", pin, "--registry", address, "--yes")
    assert gone.stdout.count("You took this picture back") == 3
    assert {e.tag for e in Reader(registry).window()} == {"deletedImage"}
    wrong = run("show", number, "--pin", "0", "--registry", address)
    assert wrong.exit_code == 1
    assert "no case has this number and this PIN" in wrong.stderr


def _recording(registry: Flask, sent: list[bytes]) -> Flask:
    """Keep the bodies that arrive with a POST, for looking at them."""

    def keep() -> None:
        if request.method == "POST":
            sent.append(request.get_data())

    registry.before_request(keep)
    return registry


def test_nothing_is_sent_when_no_file_can_be_read(photos: list[Path]) -> None:
    result = run("submit", "--registry", "http://127.0.0.1:9", str(photos[3]))
    assert result.exit_code == 1
    assert "nothing was sent" in result.stderr


def test_a_registry_that_is_not_there_is_said(photos: list[Path]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    result = run("submit", "--registry", f"http://127.0.0.1:{port}", str(photos[0]))
    assert result.exit_code == 1
    assert "is the registry running?" in result.stderr


def test_more_files_than_a_case_takes_become_several_cases(
    sqlite_url: str,
    make_registry: MakeRegistry,
    listen: Listen,
    photos: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("registry.commands.MAX_ITEMS", 2)
    address = listen(make_registry(sqlite_url, max_case_items=2, submit_limit="2 per hour"))
    result = run("submit", "--registry", address, *map(str, photos[:3]))
    assert len(cases_of(result)) == 2
    refused = run("submit", "--registry", address, *map(str, photos[:3]))
    assert refused.exit_code == 1
    assert cases_of(refused) == []
    assert "too many requests" in refused.stderr


def test_what_was_not_submitted_is_named(
    sqlite_url: str,
    make_registry: MakeRegistry,
    listen: Listen,
    photos: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("registry.commands.MAX_ITEMS", 1)
    address = listen(make_registry(sqlite_url, submit_limit="1 per hour"))
    result = run("submit", "--registry", address, *map(str, photos[:2]))
    assert result.exit_code == 1
    assert len(cases_of(result)) == 1, "the case that was opened is shown all the same"
    assert f"not submitted: {photos[1]} and all after it" in result.stderr


@pytest.mark.parametrize("url", ["http://registry.example", "ftp://127.0.0.1x", "registry", ""])
def test_fingerprints_do_not_travel_over_an_open_line(url: str) -> None:
    with pytest.raises(ValueError, match="https://"):
        RegistryOverHttp(url)


@pytest.fixture
def environment(registry_database_url: str) -> dict[str, str]:
    return {
        "REGISTRY_SECRET_KEY": secrets.token_hex(32),
        "REGISTRY_DATABASE_URL": registry_database_url,
    }


@pytest.fixture
def served(environment: dict[str, str]) -> Iterator[str]:
    """`registry serve`, as its own process, with two workers that start at once."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    code = "from registry.commands import registry; registry()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "serve", "--port", str(port), "--workers", "2"],
        env=os.environ | environment,
        cwd=ROOT,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_until_healthy(address, process)
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def _wait_until_healthy(address: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert process.poll() is None, "the registry ended; its output stands above"
        try:
            if httpx.get(f"{address}/healthz").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail("the registry did not answer within a minute")


def test_it_serves_and_its_operator_keeps_its_members(
    served: str, environment: dict[str, str]
) -> None:
    def status(username: str, password: str) -> int:
        return httpx.get(f"{served}/npo/v2/status", auth=(username, password)).status_code

    add = ("members", "add", "--id", "42", "--username", "ours")
    nameless = run(*add, **environment)
    assert nameless.exit_code == 1
    assert "give its --name" in nameless.stderr
    added = run(*add, "--name", "Our Platform", **environment)
    username, password = added.stdout.split()
    assert status(username, password) == 200
    assert status(username, password[:-1]) == 401
    assert "already" in run(*add, **environment).stderr
    listed = run("members", "list", **environment).stdout
    assert "    42  Our Platform  ours" in listed
    assert "     1  Take It Down  –" in listed
    assert password not in listed
    assert run("members", "revoke", "ours", **environment).exit_code == 0
    assert status(username, password) == 401
    assert "no account" in run("members", "revoke", "ours", **environment).stderr


def test_a_username_that_cannot_be_is_refused(tmp_path: Path) -> None:
    env = {
        "REGISTRY_SECRET_KEY": secrets.token_hex(32),
        "REGISTRY_DATABASE_URL": f"sqlite:///{tmp_path / 'r.sqlite'}",
    }
    result = run("members", "add", "--id", "1", "--username", "a b", "--name", "x", **env)
    assert result.exit_code == 1
    assert "letters, digits" in result.stderr


def test_it_does_not_serve_without_its_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REGISTRY_SECRET_KEY", raising=False)
    result = run("serve")
    assert result.exit_code == 1
    assert "REGISTRY_SECRET_KEY" in result.stderr
