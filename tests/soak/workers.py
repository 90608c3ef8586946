"""The product's own worker pool and cron table as processes, restarted as systemd would."""

import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from config.settings import ROOT

RESTART_SECONDS = 0.5
COMMANDS = (["app.py", "worker", "--count", "2"], ["app.py", "cron"])


class Supervisor:
    """Keeps one command running: Restart=on-failure, as in docs/running.md."""

    def __init__(self, arguments: list[str], environ: Mapping[str, str]) -> None:
        self.name = arguments[1]
        self.ended = 0
        self._arguments, self._environ = arguments, environ
        self._log = Path(environ["DATA_DIR"]) / f"{arguments[1]}.log"
        self._stopping = threading.Event()
        self._process = self._start()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def stop(self) -> None:
        """End the command in order."""
        self._stopping.set()
        self._thread.join()
        self._process.terminate()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _watch(self) -> None:
        while not self._stopping.wait(RESTART_SECONDS):
            if self._process.poll() is not None:
                self.ended += 1
                self._process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *self._arguments],
                cwd=ROOT,
                env=dict(self._environ),
                stdout=log,
                stderr=log,
            )


@contextmanager
def working(environ: Mapping[str, str]) -> Iterator[list[Supervisor]]:
    """Workers and cron until the block ends."""
    started = [Supervisor(arguments, environ) for arguments in COMMANDS]
    try:
        yield started
    finally:
        for one in started:
            one.stop()
