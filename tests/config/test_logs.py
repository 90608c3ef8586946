"""A log line is one JSON object, in UTC, and never holds a fingerprint."""

import json
import logging
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.logs import QUIET, REDACTED, JsonLines

PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
MD5 = "d41d8cd98f00b204e9800998ecf8427e"


def _line(message: str, *arguments: object, error: BaseException | None = None) -> str:
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("jobs.sync", logging.WARNING, "", 0, message, arguments, info)
    return JsonLines().format(record)


def test_a_line_says_when_how_bad_where_and_what() -> None:
    record = logging.LogRecord("jobs.sync", logging.WARNING, "", 0, "source %s", ("7",), None)
    record.created = 1_772_366_400.5
    assert json.loads(JsonLines().format(record)) == {
        "at": "2026-03-01T12:00:00Z",
        "level": "warning",
        "from": "jobs.sync",
        "message": "source 7",
    }


@pytest.mark.parametrize("value", [PDQ, PDQ.upper(), MD5, "0x" + MD5])
def test_a_fingerprint_is_removed_from_message_arguments_and_errors(value: str) -> None:
    plain = _line("read %s", value) + _line(f"read {value}") + _line("x", error=ValueError(value))
    assert value.removeprefix("0x") not in plain
    assert plain.count(REDACTED) == 3


def test_short_hex_stays_readable() -> None:
    assert json.loads(_line("revision 0bf12ac9e3"))["message"] == "revision 0bf12ac9e3"


@given(st.text(), st.text())
def test_whatever_stands_around_it_the_line_stays_one_json_object(before: str, after: str) -> None:
    line = _line("%s", f"{before}{MD5}{after}")
    assert "\n" not in line
    assert MD5 not in json.loads(line)["message"]


def test_libraries_that_write_bodies_and_paths_are_held_back() -> None:
    program = (
        "import logging; from config import logs; logs.configure()\n"
        "for name in logs.QUIET: logging.getLogger(name).info('body')\n"
        "logging.getLogger('httpx').warning('slow')\n"
        "logging.getLogger('jobs').info('done')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    said = [json.loads(line)["message"] for line in done.stderr.splitlines()]
    assert said == ["slow", "done"]
    assert "httpx" in QUIET
    assert done.stdout == ""
