"""One fingerprinting process, as the scan sees it: what it is given, answers, or died of."""

import contextlib
import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from signal import Signals
from typing import IO, Any, cast

from matching.limits import MediaLimits
from scanner.walk import Found

ROOT = Path(__file__).resolve().parent.parent
PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Fingerprinted:
    """What came of one file. `fingerprints` are in the console's wire form and never shown."""

    found: Found
    kind: str
    too_plain: bool
    fingerprints: list[dict[str, Any]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Failed:
    """A file that gave no fingerprint, and why, for people."""

    found: Found
    reason: str


class Process:
    """One process, and the file that it is `at`."""

    def __init__(self, limits: MediaLimits) -> None:
        self.at: Found | None = None
        self.ready = False
        self.ended = False
        self._heard = b""
        self._seconds = limits.max_seconds
        self._process = subprocess.Popen(
            # -P: a file named json.py in the folder that is scanned is not to be imported.
            [sys.executable, "-P", "-m", "scanner.worker", json.dumps(asdict(limits))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                # One process a core: threads inside them would get in each other's way.
                "OPENBLAS_NUM_THREADS": "1",
                "OMP_NUM_THREADS": "1",
            },
            process_group=0,  # Ctrl-C is for the scan, which ends its processes itself
        )
        self._questions = cast(IO[bytes], self._process.stdin)
        self.answers = cast(IO[bytes], self._process.stdout)

    def give(self, found: Found) -> None:
        """Let it fingerprint this file next. One at a time."""
        self.at = found
        with contextlib.suppress(BrokenPipeError):  # it has died; `hear` will say so
            self._questions.write(json.dumps(os.fspath(found.path)).encode() + b"\n")

    def hear(self) -> Fingerprinted | Failed | None:
        """What it has to say of the file it was at, None if nothing yet. Sets ready and ended."""
        piece = os.read(self.answers.fileno(), PIECE)
        if not piece:
            return self._death()
        *lines, self._heard = (self._heard + piece).split(b"\n")
        result = None
        for line in lines:
            answer: dict[str, Any] = json.loads(line)
            if "ready" in answer:
                self.ready = True
            else:
                found, self.at = cast(Found, self.at), None
                result = _result(found, answer)
        return result

    def end(self) -> None:
        """End it, whatever it is at, and wait until it is gone."""
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(BrokenPipeError):
            self._questions.close()
        self.answers.close()

    def _death(self) -> Failed | None:
        self.ended = True
        code = self._process.wait()
        found, self.at = self.at, None
        return None if found is None else Failed(found, self._cause(code))

    def _cause(self, code: int) -> str:
        if code == -Signals.SIGALRM:
            return f"took longer than {self._seconds:g} seconds"
        if code == -Signals.SIGKILL:
            return "the process that read it was killed; was there too little memory?"
        if code < 0:
            return f"the decoder crashed on it ({Signals(-code).name})"
        return f"the process that read it ended with code {code}"


def _result(found: Found, answer: dict[str, Any]) -> Fingerprinted | Failed:
    if "unreadable" in answer:
        return Failed(found, answer["unreadable"])
    return Fingerprinted(found, **answer)
