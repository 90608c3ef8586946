"""Compiling the kernels: ahead of the first call, kept on disk, without numba's thread layers.

Workers fork and gunicorn starts many processes, so a kernel is compiled for its one signature
when its module is imported, and read back from the cache by every later process. The cache is
`NUMBA_CACHE_DIR`, else `__pycache__` beside the source, else the user's cache folder. Where none
can be written each process compiles for itself (about ten seconds) and says so once.
Threads are the caller's: kernels release the GIL, and none is `parallel=True`, whose thread
pools do not survive a fork.
"""

import logging
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

types: Any = numba.types
log = logging.getLogger(__name__)

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def compiled(signature: Any) -> Callable[[Kernel], Kernel]:
    """Decorate a kernel: compile it for `signature`, from the cache when it is there."""

    def compile_or_load(function: Kernel) -> Kernel:
        try:
            kernel = numba.njit(signature, nogil=True, cache=True)(function)
        except RuntimeError as error:  # numba: "no locator available"
            log.warning("%s; set NUMBA_CACHE_DIR to a folder that can be written", error)
            kernel = numba.njit(signature, nogil=True)(function)
        return cast(Kernel, kernel)

    return compile_or_load


def frozen(kind: Any, dimensions: int) -> Any:
    """The type of an array that is not written to, as all in a mapped file are."""
    return types.Array(kind, dimensions, "C", readonly=True)
