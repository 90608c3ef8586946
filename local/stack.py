"""All processes of a local installation: started together, stopped together."""

import fcntl
import json
import os
import re
import shlex
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from honcho.manager import SYSTEM_PRINTER_NAME, Manager
from honcho.printer import Printer

from local.secrets import local_secrets

ROOT = Path(__file__).resolve().parent.parent
SPOKESMAN = "demo"  # the process whose lines are for the person at the terminal
SIGNALLED = (130, 143)  # honcho's codes for Ctrl-C and SIGTERM: how a run is meant to end
STOPPED = re.compile(r"^(\S+) stopped \(rc=")


class AlreadyRunning(Exception):
    """Another command runs on the same data."""


class PortTaken(Exception):
    """Somebody else listens where one of the processes is to listen."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: on a signal, or because `failed` ended by itself, with its exit code."""

    code: int
    failed: str | None


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the local processes listen, on 127.0.0.1."""

    console: int
    registry: int
    platform: int

    def check_free(self) -> None:
        """Raise PortTaken if somebody listens on one of them, naming what moves it."""
        for name, port in (
            ("PORT", self.console),
            ("REGISTRY_PORT", self.registry),
            ("PLATFORM_PORT", self.platform),
        ):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError as error:
                    raise PortTaken(
                        f"127.0.0.1:{port} cannot be listened on ({error.strerror}); "
                        f"choose another port with {name}"
                    ) from error


class Together(Manager):  # type: ignore[misc]
    """honcho's manager, which would trip over a signal before every process has its id."""

    _asked = False

    def terminate(self) -> None:
        """End all processes, once all have been started."""
        self._asked = True
        if self._all_started():
            super().terminate()

    def _system_print(self, data: str) -> None:
        super()._system_print(data)  # honcho calls this after every start
        if self._asked:
            self.terminate()


class LogFiles(Printer):  # type: ignore[misc]
    """Sends each process's lines to a file of its own; the spokesman's go to the terminal."""

    def __init__(self, folder: Path) -> None:
        super().__init__(prefix=False)
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._files: dict[str, TextIO] = {}
        self.first_stopped: str | None = None

    def write(self, message: Any) -> None:
        """One message of honcho's: bytes of a process, or a sentence of honcho's own."""
        text = (
            message.data if isinstance(message.data, str) else message.data.decode(errors="replace")
        )
        stopped = STOPPED.match(text) if message.name == SYSTEM_PRINTER_NAME else None
        if stopped and self.first_stopped is None:
            self.first_stopped = stopped[1]
        if message.name == SPOKESMAN:
            print(text, end="", flush=True)  # noqa: T201 - this is the terminal's line
            return
        if message.name not in self._files:
            path = self._folder / f"{message.name}.log"
            self._files[message.name] = path.open("a", encoding="utf-8", buffering=1)
        self._files[message.name].write(text)


def environment(data_dir: Path, redis_url: str, ports: Ports) -> dict[str, str]:
    """The environment of all processes: development, with this folder's own secrets."""
    secrets = local_secrets(data_dir)
    accounts = [
        {
            "member_id": 100,
            "member_name": "This platform",
            "username": "console",
            "password": secrets["CONSOLE_REGISTRY_PASSWORD"],
        },
        {
            "member_id": 101,
            "member_name": "Another platform",
            "username": "peer",
            "password": secrets["PEER_REGISTRY_PASSWORD"],
        },
    ]
    own = {
        "ENVIRONMENT": "development",
        "DATA_DIR": str(data_dir),
        "REDIS_URL": redis_url,
        "SECRET_KEY": secrets["SECRET_KEY"],
        "PLATFORM_URL": f"http://127.0.0.1:{ports.platform}/takedown",
        "PLATFORM_SECRET": secrets["PLATFORM_SECRET"],
        "ALLOW_PRIVATE_DESTINATIONS": "1",
        "POLICY_FILES": os.pathsep.join(
            [str(ROOT / "demo" / "policy.toml"), os.environ.get("POLICY_FILES", "")]
        ),
        "SECRET_LOCAL_REGISTRY": f"console:{secrets['CONSOLE_REGISTRY_PASSWORD']}",
        "SECRET_PEER_REGISTRY": f"peer:{secrets['PEER_REGISTRY_PASSWORD']}",
        "REGISTRY_SECRET_KEY": secrets["REGISTRY_SECRET_KEY"],
        "REGISTRY_DATABASE_URL": f"sqlite:///{data_dir / 'registry.sqlite'}",
        "REGISTRY_ACCOUNTS": json.dumps(accounts),
        "REGISTRY_PORT": str(ports.registry),
        "PYTHONUNBUFFERED": "1",
    }
    if "DATABASE_URL" in os.environ:
        own["DATABASE_URL"] = os.environ["DATABASE_URL"]
    keep_for_commands(data_dir / "environment", own)
    return {**os.environ, **own}


def keep_for_commands(file: Path, variables: Mapping[str, str]) -> None:
    """Write the variables so that a shell can take them over: `set -a; . var/environment`."""
    draft = file.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text("".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items()))
    draft.replace(file)


def processes(ports: Ports, workers: int, *, demo: bool) -> dict[str, list[str]]:
    """The processes by name. The last one speaks to the person once everything stands."""
    app = [sys.executable, "app.py"]
    return {
        "registry": [*app, "registry", "serve"],
        "console": [*app, "serve", "--bind", f"127.0.0.1:{ports.console}"],
        "workers": [*app, "worker", "--count", str(workers)],
        "cron": [*app, "cron"],
        "platform": [sys.executable, "-m", "demo.platform", str(ports.platform)],
        SPOKESMAN: [
            sys.executable,
            "-m",
            "demo",
            f"http://127.0.0.1:{ports.console}",
            f"http://127.0.0.1:{ports.registry}",
            *([] if demo else ["--empty"]),
        ],
    }


def run(commands: Mapping[str, list[str]], environ: Mapping[str, str], logs: Path) -> Ended:
    """Run all `commands` until one ends or a signal comes, then end them all."""
    printer = LogFiles(logs)
    manager = Together(printer)
    for name, command in commands.items():
        # honcho starts a shell; exec puts the process in its place, so that signals reach it
        manager.add_process(name, f"exec {shlex.join(command)}", env=dict(environ), cwd=str(ROOT))
    manager.loop()
    code = int(manager.returncode or 0)
    return Ended(code, None if code in SIGNALLED else printer.first_stopped)


@contextmanager
def alone(data_dir: Path) -> Iterator[None]:
    """Hold `data_dir` for this command. Raises AlreadyRunning."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (data_dir / "running").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"another command runs on {data_dir}; stop it first") from None
        yield
