"""A fresh installation for one scenario: copies of the template, and real parts around them."""

import json
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from config.settings import Settings, load
from jobs.runtime import Runtime, build
from local.redis import private_redis
from tests.soak.postgres import Postgres
from tests.soak.proxy import Fault, Proxy
from tests.soak.template import Template, platform_process, registry_process


@dataclass(frozen=True, slots=True)
class Installation:
    """One that runs. Its proxies listen only while somebody lets them."""

    folder: Path
    parts: Runtime
    environ: Mapping[str, str]
    template: Template
    postgres: Postgres | None
    before_registry: Proxy
    before_platform: Proxy

    @property
    def settings(self) -> Settings:
        """The settings of all its processes."""
        return self.parts.settings

    @property
    def faults(self) -> int:
        """How many messages were spoilt on their way, once the proxies listen no more."""
        return self.before_registry.faults + self.before_platform.faults

    @contextmanager
    def reachable(self) -> Iterator[None]:
        """The registry and the platform can be reached, through their proxies."""
        with self.before_registry.listening(), self.before_platform.listening():
            yield

    def actions(self) -> list[dict[str, Any]]:
        """What arrived at the platform, in the order of arrival."""
        address = f"http://127.0.0.1:{self.template.addresses.platform}"
        return [json.loads(line) for line in httpx.get(address, timeout=10).text.splitlines()]


@contextmanager
def installed(
    folder: Path,
    template: Template,
    postgres: Postgres | None,
    fault: Fault | None = None,
    *,
    every: int = 12,
    burst: int = 3,
) -> Iterator[Installation]:
    """Copy the template into `folder` and start Redis, the registry and the platform.

    With a `fault` the first `burst` of every `every` messages are spoilt, on both ways.
    """
    addresses = template.addresses
    folder.mkdir()
    _copy(template.folder.parent / "registry.sqlite", folder / "registry.sqlite")
    if postgres is None:
        url = f"sqlite:///{folder / 'console.sqlite'}"
        _copy(template.folder / "console.sqlite", folder / "console.sqlite")
    else:
        url = postgres.fresh(template.database_url)
    shutil.copytree(template.folder / "index", folder / "index", symlinks=True, dirs_exist_ok=True)
    with ExitStack() as stack:
        environ = {
            **template.environ,
            "DATA_DIR": str(folder),
            "DATABASE_URL": url,
            "REDIS_URL": stack.enter_context(private_redis(folder / "redis")),
            "REGISTRY_DATABASE_URL": f"sqlite:///{folder / 'registry.sqlite'}",
        }
        stack.enter_context(platform_process(environ, addresses.platform))
        stack.enter_context(registry_process(environ, addresses.registry))
        parts = build(load(environ))
        stack.callback(parts.database.close)
        proxies = [
            Proxy(before, behind, fault, every, burst)
            for before, behind in (
                (addresses.before_registry, addresses.registry),
                (addresses.before_platform, addresses.platform),
            )
        ]
        yield Installation(folder, parts, environ, template, postgres, *proxies)


def _copy(source: Path, target: Path) -> None:
    """A copy of an SQLite database with what its write-ahead log still holds."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
    target.chmod(0o600)
