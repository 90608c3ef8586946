"""All processes under one command: started together, ended together, and said which one failed."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local import stack
from local.stack import AlreadyRunning, Ports, PortTaken

# A stack of small processes, run as a terminal would: in a process group of its own.
RUN = """
import json, os, sys
from pathlib import Path
from local import stack
ended = stack.run(json.loads(sys.argv[1]), os.environ, Path(sys.argv[2]))
print("ended", ended.code, ended.failed, flush=True)
"""
# The same, interrupted when its processes are being started and none has said its id yet.
RUN_EARLY = (
    """
import signal
from local.stack import Together
start = Together._start
def interrupted(self):
    start(self)
    signal.raise_signal(signal.SIGINT)
Together._start = interrupted
"""
    + RUN
)
SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)",
]


@contextmanager
def _started(
    commands: dict[str, list[str]], logs: Path, script: str = RUN
) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-c", script, json.dumps(commands), str(logs)],
        cwd=stack.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _told(process: "subprocess.Popen[str]") -> str:
    out, err = process.communicate(timeout=60)
    assert "Traceback" not in err, err
    return out.strip().splitlines()[-1]


def _await(there: Path, words: str) -> str:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        text = there.read_text() if there.exists() else ""
        if words in text:
            return text
        time.sleep(0.02)
    raise AssertionError(f"{there} never said {words!r}")


def _pids(logs: Path) -> list[int]:
    """The ids of all processes, once all were started and before one ended."""
    text = (logs / "system.log").read_text()
    return [int(line.split("pid=")[1].rstrip(")")) for line in text.splitlines() if "pid=" in line]


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return state == "Z"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_of_them(tmp_path: Path, how: signal.Signals) -> None:
    with _started({"one": SLEEP, "two": SLEEP, "three": SLEEP}, tmp_path) as process:
        for name in ("one", "two", "three"):
            _await(tmp_path / f"{name}.log", "up")
        pids = _pids(tmp_path)
        os.killpg(process.pid, how)
        assert _told(process) == f"ended {128 + how} None"
    assert len(pids) == 3
    assert all(_gone(pid) for pid in pids)


def test_a_signal_while_they_start_ends_all_of_them_too(tmp_path: Path) -> None:
    names = [f"process-{number}" for number in range(6)]
    with _started(dict.fromkeys(names, SLEEP), tmp_path, RUN_EARLY) as process:
        assert _told(process) == "ended 130 None"
    log = (tmp_path / "system.log").read_text()
    assert log.count(" stopped (rc=") == 6


def test_when_one_ends_the_others_end_and_it_is_named(tmp_path: Path) -> None:
    broken = [sys.executable, "-c", "raise SystemExit(3)"]
    with _started({"one": SLEEP, "broken": broken}, tmp_path) as process:
        assert _told(process) == "ended 3 broken"
    assert "one stopped" in (tmp_path / "system.log").read_text()


def test_what_does_not_listen_to_a_signal_is_killed(tmp_path: Path) -> None:
    broken = [sys.executable, "-c", "import time; time.sleep(1); raise SystemExit(3)"]
    with _started({"deaf": DEAF, "broken": broken}, tmp_path) as process:
        assert _told(process) == "ended 3 broken"
    assert "deaf stopped (rc=-9)" in (tmp_path / "system.log").read_text()


def test_each_process_has_its_log_and_the_spokesman_the_terminal(tmp_path: Path) -> None:
    def says(words: str) -> list[str]:
        return [sys.executable, "-c", f"print({words!r}); import time; time.sleep(1)"]

    with _started({"one": says("from one"), "demo": says("ready")}, tmp_path / "logs") as process:
        out, _ = process.communicate(timeout=60)
    assert "ready" in out
    assert "from one" not in out
    assert (tmp_path / "logs" / "one.log").read_text() == "from one\n"
    assert not (tmp_path / "logs" / "demo.log").exists()


def test_two_commands_never_run_on_the_same_data(tmp_path: Path) -> None:
    with (
        stack.alone(tmp_path),
        pytest.raises(AlreadyRunning, match=str(tmp_path)),
        stack.alone(tmp_path),
    ):
        pytest.fail("the second came in")
    with stack.alone(tmp_path):
        pass


def test_data_are_for_their_owner_alone(tmp_path: Path) -> None:
    with stack.alone(tmp_path / "var"):
        assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700


def test_a_port_that_is_taken_is_named_with_what_moves_it() -> None:
    with socket.socket() as other, socket.socket() as free:
        for one in (other, free):
            one.bind(("127.0.0.1", 0))
        other.listen()
        taken, unused = other.getsockname()[1], free.getsockname()[1]
        free.close()
        Ports(unused, unused, unused).check_free()
        with pytest.raises(PortTaken, match=f"127.0.0.1:{taken} .* choose another port with REG"):
            Ports(unused, taken, unused).check_free()


def test_the_environment_is_kept_for_a_shell_and_for_its_owner_alone(tmp_path: Path) -> None:
    environ = stack.environment(tmp_path, "redis://:it's@127.0.0.1:1/0", Ports(1, 2, 3))
    kept = tmp_path / "environment"
    assert kept.stat().st_mode & 0o777 == 0o600
    script = f"set -a; . {shlex.quote(str(kept))}; env -0"
    done = subprocess.run(["sh", "-c", script], capture_output=True, check=True, env={})
    found = dict(line.split("=", 1) for line in done.stdout.decode().split("\0") if line)
    for name in ("REDIS_URL", "SECRET_KEY", "REGISTRY_ACCOUNTS", "DATA_DIR", "PLATFORM_URL"):
        assert found[name] == environ[name]


def test_a_database_that_was_named_is_named_to_the_shell_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/else")
    environ = stack.environment(tmp_path, "redis://x", Ports(1, 2, 3))
    assert environ["DATABASE_URL"] == "postgresql://somewhere/else"
    assert "DATABASE_URL=postgresql://somewhere/else" in (tmp_path / "environment").read_text()
