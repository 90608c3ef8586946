"""What goes wrong with the parts beside the registry: Redis and the database."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from redis import Redis, RedisError

from local.redis import executable


class Trouble:
    """Does `acts` in turn, a pause between them, in a thread until told to stop."""

    def __init__(self, acts: list[Callable[[], None]], every_seconds: float) -> None:
        self.done = 0
        self._acts, self._every = acts, every_seconds
        self._stopping = threading.Event()
        self._error: BaseException | None = None

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Go on until the block ends. What failed in it is raised then."""
        thread = threading.Thread(target=self._run)
        thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            thread.join()
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            while not self._stopping.wait(self._every):
                self._acts[self.done % len(self._acts)]()
                self.done += 1
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            self._error = error


class WildRedis:
    """The installation's Redis, which can be wiped, and killed and started again."""

    def __init__(self, url: str, folder: Path) -> None:
        self._redis = Redis.from_url(url)
        self._folder = folder
        self._own: subprocess.Popen[bytes] | None = None

    def wipe(self) -> None:
        """Everything in it is gone."""
        self._redis.flushall()

    def kill(self) -> None:
        """It dies with all that it had not written, and another starts in its place."""
        pid = int(self._redis.info("server")["process_id"])
        os.kill(pid, signal.SIGKILL)
        if self._own is not None:
            self._own.wait()
        time.sleep(0.5)
        self._own = subprocess.Popen(
            [executable(), self._folder / "redis.conf"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with suppress(RedisError):
                self._redis.ping()
                return
            time.sleep(0.1)
        raise TimeoutError("Redis did not start again")
