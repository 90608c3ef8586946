"""The console under gunicorn, as `app.py serve` starts it, until a block ends."""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from config.settings import ROOT
from tests.e2e.installation import free_ports

APP = "app:create_app()"
READY_SECONDS = 60


@contextmanager
def served(environ: Mapping[str, str], app: str = APP) -> Iterator[str]:
    """The address of a console. `app` is another one for twins that plant a fault. What gunicorn
    says goes to a log beside its data."""
    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    arguments = ["-m", "gunicorn", "-c", str(ROOT / "config" / "gunicorn.py")]
    log = Path(environ["DATA_DIR"]) / "console.log"
    with log.open("ab") as out:
        started = subprocess.Popen(
            [sys.executable, *arguments, "-b", address.removeprefix("http://"), app],
            cwd=ROOT,
            env=dict(environ),
            stdout=out,
            stderr=out,
        )
    try:
        _await_answer(started, f"{address}/sign-in", log)
        yield address
    finally:
        started.terminate()
        started.wait(timeout=40)


def _await_answer(started: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            httpx.get(url, timeout=5)
        except httpx.HTTPError as error:
            if started.poll() is not None or time.monotonic() > deadline:
                said = log.read_text(errors="replace")[-2_000:]
                raise TimeoutError(f"nothing answers at {url}: {said}") from error
            time.sleep(0.1)
        else:
            return
