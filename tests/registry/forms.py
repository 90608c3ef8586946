"""Case forms for tests, sending them, and all that a registry has stored."""

from typing import Any

from flask import Flask
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from matching.fingerprint import Algorithm
from registry.tables import Base
from tests.registry.conftest import parts
from tests.registry.lists import made_up

Json = dict[str, Any]
EXACT = [Algorithm.MD5, Algorithm.SHA1]


def fingerprint(algorithm: Algorithm, number: int = 0, quality: int = 87) -> Json:
    form: Json = {"algorithm": algorithm.value, "value": made_up(algorithm, number).hex}
    return form | ({"quality": quality} if algorithm is Algorithm.PDQ else {})


def picture(number: int = 0) -> Json:
    return {"kind": "image", "fingerprints": [fingerprint(a, number) for a in Algorithm]}


def video(number: int = 0) -> Json:
    return {"kind": "video", "fingerprints": [fingerprint(a, number) for a in EXACT]}


def submit(registry: Flask, *items: Json, **rest: Any) -> TestResponse:
    return registry.test_client().post("/cases", json={"items": list(items), **rest})


def ask(registry: Flask, method: str, number: str, pin: str) -> TestResponse:
    client = registry.test_client()
    return client.open(
        f"/cases/{number}", method=method, headers={"Authorization": f"Bearer {pin}"}
    )


def stored(registry: Flask) -> str:
    """Everything that the database holds, as text in which bytes show as hex too."""
    with Session(create_engine(parts(registry).settings.database_url)) as session:
        rows = [
            (table.name, [v.hex() if isinstance(v, bytes) else v for v in row])
            for table in Base.metadata.sorted_tables
            if table.name not in {"clock", "member", "account"}
            for row in session.execute(select(table))
        ]
        session.connection().engine.dispose()
    return repr(rows)
