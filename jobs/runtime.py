"""What a job needs of the installation, made once for each process."""

import os
from dataclasses import dataclass
from functools import lru_cache

from config.settings import Settings, load
from jobs.wake import Wake
from matching.index import IndexDirectory
from store.database import Database


@dataclass(frozen=True, slots=True)
class Runtime:
    """The parts that jobs work with."""

    settings: Settings
    database: Database
    index: IndexDirectory
    wake: Wake


def build(settings: Settings) -> Runtime:
    """The parts for `settings`."""
    return Runtime(
        settings,
        Database(settings.database_url),
        IndexDirectory(settings.index_dir),
        Wake(settings.redis_url),
    )


def current() -> Runtime:
    """This process's parts, from the environment.

    A worker forks for every job, and a connection must not be shared across a fork, so the parts
    belong to one process id.
    """
    return _of_process(os.getpid())


@lru_cache(maxsize=1)
def _of_process(_pid: int) -> Runtime:
    return build(load())
