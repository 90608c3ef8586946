"""Keeping a process that decodes other people's files from doing harm, and from telling of them."""

import os
import resource

MEMORY = 4 << 30
"""Bytes. Three times what the largest picture within the default limits was seen to take."""

GRACE = 1.0
"""Seconds beyond its time before a process that no longer looks at a clock is ended."""


def confine(memory: int = MEMORY) -> None:
    """No picture on disk when a decoder crashes, and no machine out of memory.

    A core dump would hold the pixels. A limit of 1 byte, unlike 0, also keeps the kernel from
    piping the core to a crash handler (core(5), fs/coredump.c).
    """
    resource.setrlimit(resource.RLIMIT_CORE, (1, 1))
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


def silence() -> None:
    """Decoders write what they like to stdout and stderr: nobody is to read it."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
