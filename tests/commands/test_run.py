"""`app.py run`: what stops it before it begins. The whole of it: tests/e2e."""

import socket
from pathlib import Path

import pytest

from local import stack
from tests.commands.conftest import Command, refused
from tests.console.conftest import only

pytestmark = only("sqlite")


@pytest.fixture
def ports() -> dict[str, str]:
    """Ports on which nobody listens."""
    names = ("PORT", "REGISTRY_PORT", "PLATFORM_PORT")
    probes = [socket.socket() for _ in names]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    found = {name: str(probe.getsockname()[1]) for name, probe in zip(names, probes, strict=True)}
    for probe in probes:
        probe.close()
    return found


def test_a_second_one_on_the_same_data_is_refused(
    command: Command, tmp_path: Path, ports: dict[str, str]
) -> None:
    with stack.alone(tmp_path):
        words = refused(command("run", DATA_DIR=str(tmp_path), **ports))
    assert words == f"Error: another command runs on {tmp_path}; stop it first"


def test_a_port_that_is_taken_is_named_before_anything_starts(
    command: Command, tmp_path: Path, ports: dict[str, str]
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        ports["REGISTRY_PORT"] = str(other.getsockname()[1])
        words = refused(command("run", DATA_DIR=str(tmp_path / "var"), **ports))
    assert "choose another port with REGISTRY_PORT" in words
    assert not (tmp_path / "var" / "redis").exists()


def test_a_database_that_does_not_answer_is_said(
    command: Command, tmp_path: Path, ports: dict[str, str]
) -> None:
    url = "postgresql://console:a-password-of-ours@127.0.0.1:1/console"
    words = refused(command("run", DATA_DIR=str(tmp_path / "var"), DATABASE_URL=url, **ports))
    assert "onnection" in words
    assert "a-password-of-ours" not in words


def test_a_data_directory_that_cannot_be_made_is_said(
    command: Command, tmp_path: Path, ports: dict[str, str]
) -> None:
    (tmp_path / "file").touch()
    words = refused(command("run", DATA_DIR=str(tmp_path / "file" / "var"), **ports))
    assert str(tmp_path / "file") in words
