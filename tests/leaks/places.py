"""Every place in which something can stay: tables, Redis, files, log lines, answers."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from redis import Redis
from sqlalchemy import MetaData, create_engine, select

from config import logs

Place = tuple[str, bytes]


def tables(url: str) -> Iterator[Place]:
    """(table.column, value) of every row."""
    engine = create_engine(url)
    metadata = MetaData()
    metadata.reflect(engine)
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)).mappings():
                for name, value in row.items():
                    yield f"{table.name}.{name}", as_bytes(value)
    engine.dispose()


def keys(redis: Redis) -> Iterator[Place]:
    """(key, what is in it), read as its type is: what DUMP gives may be compressed."""
    for key in redis.scan_iter(count=1_000):
        for value in _values(redis, key):
            yield f"redis {key!r}", value
        yield f"redis {key!r}", key


def files(*folders: Path) -> Iterator[Place]:
    """(path, content) of every file."""
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file():
                yield f"file {path.relative_to(folder)}", path.read_bytes()


def as_bytes(value: object) -> bytes:
    """A value out of a row as bytes."""
    if isinstance(value, bytes | memoryview):
        return bytes(value)
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    return json.dumps(value, default=str, ensure_ascii=False).encode("utf-8", "replace")


def _values(redis: Redis, key: bytes) -> list[bytes]:
    here: Any = redis  # bytes in, bytes out; the types cannot say so
    match here.type(key):
        case b"string":
            return [here.get(key) or b""]
        case b"hash":
            return [part for pair in here.hgetall(key).items() for part in pair]
        case b"list":
            return list(here.lrange(key, 0, -1))
        case b"set":
            return list(here.smembers(key))
        case b"zset":
            return list(here.zrange(key, 0, -1))
        case _:
            return [here.dump(key) or b""]


class Lines(logging.Handler):
    """Keeps every line as it would be written."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logs.JsonLines())
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        self.said.append(self.format(record))


@contextmanager
def logged() -> Iterator[Lines]:
    """All lines of the block, with everything switched on that an operator can switch on."""
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in logs.QUIET}
    logs.configure("DEBUG")
    lines = Lines()
    root.handlers = [*kept, lines]
    try:
        yield lines
    finally:
        root.handlers = kept
        root.setLevel(level)
        for name, before in levels.items():
            logging.getLogger(name).setLevel(before)
