"""A file in memory, fingerprinted by a process of its own that is given no secrets."""

import os
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from demo.pictures import landscape
from matching.apart import fingerprint_apart, looks
from matching.fingerprint import Algorithm
from matching.limits import MediaLimits
from matching.media import Unreadable, fingerprint_bytes
from tests.matching.films import film

LIMITS = MediaLimits(max_seconds=20.0)


def _png(number: int = 3) -> bytes:
    out = BytesIO()
    landscape(number).save(out, "PNG")
    return out.getvalue()


def test_the_answer_is_that_of_this_process(tmp_path: Path) -> None:
    data = _png()
    found = fingerprint_apart(data, LIMITS)
    assert found == looks(fingerprint_bytes(data))
    assert {one.fingerprint.algorithm for one in found} == set(Algorithm)
    moving = film([landscape(1), landscape(2)], seconds=2)
    assert fingerprint_apart(moving, LIMITS) == looks(fingerprint_bytes(moving))


@pytest.mark.parametrize("data", [b"", b"nonsense" * 100, _png()[:2_000]])
def test_what_cannot_be_read_is_said(data: bytes) -> None:
    with pytest.raises(Unreadable):
        fingerprint_apart(data, LIMITS)


def test_a_limit_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="larger than 100 bytes"):
        fingerprint_apart(_png(), MediaLimits(max_photo_bytes=100))


def test_the_process_gets_nothing_of_this_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "not for decoders")
    given: list[dict[str, str]] = []
    real = subprocess.run

    def run(*arguments: Any, **rest: Any) -> Any:
        given.append(rest["env"])
        return real(*arguments, **rest)

    monkeypatch.setattr(subprocess, "run", run)
    fingerprint_apart(_png(), LIMITS)
    assert given
    assert "SECRET_KEY" not in given[0]
    assert "SECRET_KEY" in os.environ


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "the decoder crashed on it"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGALRM)", "took longer than 20 seconds"),
        ("import time; time.sleep(60)", "took longer than 20 seconds"),
    ],
)
def test_a_process_that_dies_or_hangs_costs_this_question_only(
    monkeypatch: pytest.MonkeyPatch, code: str, said: str
) -> None:
    real = subprocess.run

    def run(command: list[str], **rest: Any) -> Any:
        return real([command[0], "-c", code], **{**rest, "timeout": 2})

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(Unreadable, match=said):
        fingerprint_apart(b"x", LIMITS)


def test_a_look_never_shows_its_value() -> None:
    (one, *_) = looks(fingerprint_bytes(_png()))
    assert one.fingerprint.hex not in repr(one)
