"""A fresh process for each side of a comparison, so that neither pays for the other's memory."""

import gc
import multiprocessing
import time
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def apart(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `function` in a new interpreter and give what it returned.

    Raises whatever ended it; an exception there is printed there.
    """
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, args, kwargs)


def memory() -> float:
    """What this process has in memory, mapped files included, in MB (10^6 bytes)."""
    gc.collect()
    return _status("VmRSS")


def private_memory() -> float:
    """What of it no other process can share, in MB."""
    gc.collect()
    return _status("RssAnon")


def peak_memory() -> float:
    """The most that this process has had in memory, in MB."""
    return _status("VmHWM")


def _status(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1.024e-3 for line in lines if line.startswith(field))


def seconds(call: Callable[[], object], times: int = 1) -> float:
    """How long a call takes by the clock: the best of `times`."""
    return _best(call, times, time.perf_counter)


def busy(call: Callable[[], object], times: int = 1) -> float:
    """How long a call keeps a processor busy, the best of `times`.

    For what never waits: what else the machine does then counts less.
    """
    return _best(call, times, time.process_time)


def _best(call: Callable[[], object], times: int, clock: Callable[[], float]) -> float:
    best = float("inf")
    for _ in range(times):
        started = clock()
        call()
        best = min(best, clock() - started)
    return best
