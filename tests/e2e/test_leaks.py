"""No pixels (invariant 1): pictures with a canary go through every way in, and stay nowhere.

The canary stands in the pixels, in the metadata and behind the end of the file. Afterwards every
table, Redis key, file, log line and answer is searched for it: raw, as hex and as base64.
"""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import ExifTags, Image, PngImagePlugin
from redis import Redis
from sqlalchemy import MetaData, create_engine, insert, select

from config.settings import ROOT
from demo.pictures import landscape
from tests.e2e.installation import Installation, installed

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

CANARY = b"canary:" + bytes(range(160, 217))  # 64 bytes that occur nowhere by chance


def traces(data: bytes) -> bool:
    """Whether `data` holds the canary, raw, as hex or as base64 at any of its three alignments."""
    forms = [CANARY, CANARY.hex().encode(), CANARY.hex().upper().encode()]
    forms += [base64.b64encode(CANARY[skip:])[:72] for skip in range(3)]
    return any(form in data for form in forms)


def _pictures(folder: Path) -> list[Path]:
    """A landscape in several formats, each with the canary wherever the format has room."""
    folder.mkdir()
    picture = landscape(77)
    pixels = np.asarray(picture).copy()
    pixels[10, : len(CANARY)] = np.frombuffer(CANARY, np.uint8)[:, None]
    marked = Image.fromarray(pixels)
    text = PngImagePlugin.PngInfo()
    text.add_text("comment", CANARY.decode("latin-1"))
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = CANARY.decode("latin-1")
    marked.save(folder / "a.png", pnginfo=text)
    marked.save(folder / "a.jpg", quality=95, exif=exif, comment=CANARY)
    marked.save(folder / "a.webp", lossless=True, exif=exif)
    marked.save(folder / "a.gif", comment=CANARY)
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes() + CANARY)
    (folder / "broken.png").write_bytes((folder / "a.png").read_bytes()[:2_000] + CANARY)
    return sorted(folder.iterdir())


def _command(here: Installation, *words: str, **variables: str) -> bytes:
    """Run one of our commands; everything that it said."""
    environ = {**os.environ, **variables, "TMPDIR": str(here.folder / "tmp")}
    done = subprocess.run(
        [sys.executable, "app.py", *words], cwd=ROOT, env=environ, capture_output=True, check=False
    )
    return done.stdout + done.stderr


def _variables(here: Installation) -> dict[str, str]:
    lines = (here.folder / "environment").read_text().splitlines()
    return {name: value.strip("'") for name, _, value in (line.partition("=") for line in lines)}


def _every_way_in(here: Installation, pictures: list[Path], variables: dict[str, str]) -> bytes:
    """Submit, scan, and try to send the picture itself; everything that came back."""
    names = [str(path) for path in pictures]
    said = _command(here, "registry", "submit", *names, "--registry", here.registry)
    key = _command(
        here,
        "keys",
        "add",
        "leak",
        "--scope",
        "content:write",
        "--scope",
        "content:read",
        **variables,
    )
    secret = key.decode().split()[-1]
    scan = ("scan", str(pictures[0].parent), "--console", here.console, "--key", secret)
    said += _command(here, *scan, "--state", str(here.folder / "scan.sqlite"))
    picture = base64.b64encode(pictures[0].read_bytes()).decode()
    item = {"id": "x", "kind": "image", "fingerprints": [{"algorithm": "pdq", "value": picture}]}
    for attempt in (item, {**item, "bytes": picture}, {"id": picture, "kind": "image"}):
        for path in ("content", "check"):
            said += httpx.post(
                f"{here.console}/api/v1/{path}",
                json={"items": [attempt]},
                headers={"Authorization": f"Bearer {secret}"},
            ).content
    cases: list[object] = [{"items": [item]}, {"picture": picture}, [picture]]
    for case in cases:
        said += httpx.post(f"{here.registry}/cases", json=case).content
    said += httpx.post(f"{here.registry}/cases", content=pictures[0].read_bytes()).content
    return said


def _tables(url: str) -> Iterator[tuple[str, bytes]]:
    """Every row of every table, as one run of bytes."""
    engine = create_engine(url)
    metadata = MetaData()
    metadata.reflect(engine)
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)):
                yield table.name, b"\0".join(_bytes(value) for value in row)
    engine.dispose()


def _bytes(value: object) -> bytes:
    if isinstance(value, bytes | memoryview):
        return bytes(value)
    return json.dumps(value, default=str, ensure_ascii=False).encode("utf-8", "replace")


def _found(here: Installation, variables: dict[str, str], database: str) -> list[str]:
    """Everywhere that holds the canary: tables, Redis keys, files."""
    found = [f"table {name}" for name, row in _tables(database) if traces(row)]
    redis = Redis.from_url(variables["REDIS_URL"])
    for key in redis.scan_iter(count=1_000):
        if traces(key) or traces(_value(redis, key)):
            found.append(f"key {key!r}")
    for path in here.folder.rglob("*"):
        if path.is_file() and traces(path.read_bytes()):
            found.append(f"file {path.relative_to(here.folder)}")
    return found


def _value(redis: Any, key: bytes) -> bytes:
    """A key's value, read as its type is: what DUMP gives may be compressed."""
    match redis.type(key):
        case b"string":
            parts = [redis.get(key) or b""]
        case b"hash":
            parts = [part for pair in redis.hgetall(key).items() for part in pair]
        case b"list":
            parts = redis.lrange(key, 0, -1)
        case b"set":
            parts = list(redis.smembers(key))
        case b"zset":
            parts = redis.zrange(key, 0, -1)
        case _:
            parts = [redis.dump(key) or b""]
    return b"\0".join(parts)


def test_no_picture_stays_anywhere(url: str | None, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    pictures = _pictures(tmp_path / "pictures")
    assert all(traces(path.read_bytes()) for path in pictures)
    with installed(folder, url) as here:
        (folder / "tmp").mkdir()
        variables = _variables(here)
        database = url or f"sqlite:///{folder / 'console.sqlite'}"
        said = _every_way_in(here, pictures, variables)
        assert b"broken.png" in said, "the unreadable picture was tried and named"
        assert not traces(said)
        names = {name for name, _ in _tables(database)}
        assert {"content", "content_fingerprints", "audit_entries"} <= names, "there is something"
        assert _found(here, variables, database) == []

        # The twin: the canary is put into each kind of place, and each is found.
        Redis.from_url(variables["REDIS_URL"]).set("planted", base64.b64encode(b"x" + CANARY))
        (folder / "logs" / "planted.log").write_bytes(CANARY.hex().encode())
        _plant(database)
        planted = {"table api_keys", "key b'planted'", "file logs/planted.log"}
        assert planted <= set(_found(here, variables, database))
        assert here.stop() == 0


def _plant(database: str) -> None:
    engine = create_engine(database)
    metadata = MetaData()
    metadata.reflect(engine, only=["api_keys"])
    table = metadata.tables["api_keys"]
    row = {
        "name": "planted",
        "key_hash": "0",
        "scopes": [CANARY.hex()],
        "created_at": datetime(2026, 1, 1),  # noqa: DTZ001 - as the bare table takes it
    }
    with engine.begin() as connection:
        connection.execute(insert(table).values(**row))
    engine.dispose()
