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


def peak_memory() -> float:
    """The most that this process has had in memory, in MB."""
    return _status("VmHWM")


def _status(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1.024e-3 for line in lines if line.startswith(field))


def seconds(call: Callable[[], object], times: int = 1) -> float:
    """How long a call takes: the best of `times`, since others use this machine too."""
    best = float("inf")
    for _ in range(times):
        started = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - started)
    return best
