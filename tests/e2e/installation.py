"""A whole installation, started as a new user would start it, and what can be asked of it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from config.settings import ROOT
from exchange.records import EntryRecord
from exchange.registry import connect

READY_SECONDS = 150


@dataclass
class Installation:
    """One that is ready: its addresses, its people's passwords, its folder."""

    process: "subprocess.Popen[str]"
    folder: Path
    console: str
    registry: str
    platform: str
    passwords: dict[str, str]

    def stop(self) -> int:
        """Press Ctrl-C and give the exit code."""
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=60)
        return self.process.returncode

    def actions(self) -> list[dict[str, str]]:
        """What arrived at the platform, in the order of arrival."""
        return [json.loads(line) for line in httpx.get(self.platform).text.splitlines()]

    @contextmanager
    def platform_fails(self) -> Iterator[None]:
        """Let the platform take nothing: where it keeps its list, there is a folder."""
        file = self.folder / "demo" / "platform.jsonl"
        aside = file.with_suffix(".aside")
        file.rename(aside)
        file.mkdir()
        try:
            yield
        finally:
            file.rmdir()
            aside.rename(file)

    def votes(self) -> dict[tuple[str, str], set[tuple[str, tuple[str, ...]]]]:
        """Our votes as another member reads them: (entry, algorithm) to (vote, reasons)."""
        password = json.loads((self.folder / "secrets.json").read_text())["PEER_REGISTRY_PASSWORD"]
        found: dict[tuple[str, str], set[tuple[str, tuple[str, ...]]]] = {}
        for entry in self._list(f"peer:{password}"):
            for vote in entry.votes:
                if vote.member.name == "This platform":
                    found.setdefault((entry.entry_id, vote.algorithm.lower()), set()).add(
                        (vote.vote, vote.reasons)
                    )
        return found

    def _list(self, credentials: str) -> list[EntryRecord]:
        latest: dict[str, EntryRecord] = {}
        checkpoint, more = None, True
        with connect("ncmec", f"{self.registry}/npo", credentials) as peer:
            while more:
                # ahead of the clock, so that the newest second is read too
                page = peer.fetch(checkpoint, datetime.now(UTC) + timedelta(seconds=10))
                checkpoint, more = page.checkpoint, page.more
                latest.update((entry.entry_id, entry) for entry in page.entries)
        return list(latest.values())


@contextmanager
def installed(folder: Path, database_url: str | None) -> Iterator[Installation]:
    """Run `app.py run` on free ports and wait for its `ready`. Whatever is left is killed."""
    ports = free_ports(3)
    environ = {
        **{name: value for name, value in os.environ.items() if name != "REDIS_URL"},
        "DATA_DIR": str(folder),
        "PORT": str(ports[0]),
        "REGISTRY_PORT": str(ports[1]),
        "PLATFORM_PORT": str(ports[2]),
        "POLICY_FILES": str(Path(__file__).with_name("policy.toml")),
        **({"DATABASE_URL": database_url} if database_url else {}),
    }
    process = subprocess.Popen(
        [sys.executable, "app.py", "run"],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        ready = _await_ready(process)
        console, registry, platform = (f"http://127.0.0.1:{port}" for port in ports)
        passwords = dict(re.findall(r" (\w+):(\S+)", ready.partition("people")[2]))
        yield Installation(process, folder, console, registry, platform, passwords)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def leftovers(folder: Path) -> list[str]:
    """Command lines of processes that still work on `folder`."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
            environ = (entry / "environ").read_bytes() if words else b""
        except OSError:
            continue
        if f"DATA_DIR={folder}\0".encode() in environ + b"\0" or str(folder).encode() in words:
            found.append(words.replace(b"\0", b" ").decode(errors="replace"))
    return found


def await_true(what: str, there: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until it is so. AssertionError names what did not come."""
    deadline = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < deadline, f"{what} did not come within {seconds:.0f} s"
        time.sleep(0.5)


def _await_ready(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    said = []
    deadline = time.monotonic() + READY_SECONDS
    for line in process.stdout:
        said.append(line)
        if line.startswith("ready"):
            return line
        assert time.monotonic() < deadline, "".join(said)
    raise AssertionError("it ended before it was ready:\n" + "".join(said))


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports
