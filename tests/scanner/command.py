"""The scan command in a process of its own."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.scanner.console import KEY

PROJECT = Path(__file__).parents[2]
COMMAND = "from scanner.command import scan; scan()"


@dataclass(frozen=True)
class Ended:
    """How a run of the command ended."""

    code: int
    out: str
    err: str

    def count(self, what: str) -> int:
        """The count that stands before these words; 0 if the line is not there."""
        found = re.search(rf"^ *([\d,]+)  {what}", self.out, re.MULTILINE)
        return int(found.group(1).replace(",", "")) if found else 0


class Scan:
    """Runs `scan` with a console, a state file and the tests' key."""

    def __init__(self, address: str, state: Path) -> None:
        self.address = address
        self.state = state

    def start(
        self,
        *arguments: str | Path,
        environment: Mapping[str, str] | None = None,
        stdout: int = subprocess.PIPE,
    ) -> subprocess.Popen[str]:
        """Start it. `arguments` come after the usual ones and win over them."""
        return subprocess.Popen(
            [
                *(sys.executable, "-c", COMMAND),
                *("--console", self.address, "--state", self.state),
                *("--processes", "2", "--wait", "20"),
                *arguments,
            ],
            env={
                **os.environ,
                "PYTHONPATH": str(PROJECT),
                "CONSOLE_API_KEY": KEY,
                **(environment or {}),
            },
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(
        self, *arguments: str | Path, environment: Mapping[str, str] | None = None
    ) -> Ended:
        """Run it to its end."""
        process = self.start(*arguments, environment=environment)
        out, err = process.communicate(timeout=90)
        return Ended(process.returncode, out, err)
