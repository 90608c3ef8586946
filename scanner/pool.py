"""Fingerprinting in several processes, each of which may die on a file without harm to others."""

from collections.abc import Iterator
from selectors import EVENT_READ, DefaultSelector
from types import TracebackType
from typing import Self

from matching.limits import MediaLimits
from scanner.process import Failed, Fingerprinted, Process
from scanner.walk import Found

HEARTBEAT = 1.0
"""Seconds."""


class StartError(Exception):
    """The fingerprinting processes do not start; no file is to blame."""


class Pool:
    """So many processes. A context manager: none is left behind."""

    def __init__(self, processes: int, limits: MediaLimits) -> None:
        self._limits = limits
        self._selector = DefaultSelector()
        self._processes: list[Process] = []
        self._proven = False
        for _ in range(processes):
            self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all processes, whatever they are at."""
        while self._processes:
            self._processes.pop().end()
        self._selector.close()

    def results(self, files: Iterator[Found]) -> Iterator[Fingerprinted | Failed | None]:
        """One result for each file, in the order they get ready. Files are taken as needed.

        None now and then while nothing is ready, so that the caller gets round to other things.
        Raises StartError if the processes do not start.
        """
        for idle in self._processes:
            self._give_next(idle, files)
        while any(one.at for one in self._processes):
            ready = self._selector.select(HEARTBEAT)
            if not ready:
                yield None
            for key, _ in ready:
                process: Process = key.data
                result = process.hear()
                self._proven |= process.ready
                if process.ended:
                    process = self._replace(process)
                if process.at is None:
                    self._give_next(process, files)
                if result is not None:
                    yield result

    def _give_next(self, process: Process, files: Iterator[Found]) -> None:
        found = next(files, None)
        if found is not None:
            process.give(found)

    def _start(self) -> Process:
        process = Process(self._limits)
        self._processes.append(process)
        self._selector.register(process.answers, EVENT_READ, process)
        return process

    def _replace(self, ended: Process) -> Process:
        if not self._proven:
            raise StartError(
                "the fingerprinting processes do not start: see above, "
                "or see what `python -m scanner.worker '{}'` says"
            )
        self._selector.unregister(ended.answers)
        self._processes.remove(ended)
        ended.end()
        return self._start()
