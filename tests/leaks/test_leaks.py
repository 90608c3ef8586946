"""A whole round with marked media, and then a search of every place for what must not be there."""

import base64
import io
import json
import zlib
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from matching.media import fingerprint_file
from matching.photo import PhotoFingerprints
from moderation import audit, keys
from moderation.keys import Scope
from moderation.permissions import Role
from store.delivery import Delivery
from store.hit import Hit
from store.source import SyncRun
from tests.leaks import media, places
from tests.leaks.conftest import Installation
from tests.leaks.media import CANARY
from tests.leaks.traces import Search

PIXELS = Search({"the canary": CANARY})
# fmt: off
SIGNATURES = (
    b"JFIF\0", b"Exif\0", b"\x89PNG\r\n", b"GIF89a", b"WEBPVP8", b"ftypisom",
    b"iVBORw0KGgo", b"/9j/4AAQSkZJRg", b"R0lGODlh",
)
# fmt: on
"""How files of pictures and films begin, raw and as base64."""

# Fingerprints are the registry's and the index's trade. Here, and nowhere else.
KEEPS_FINGERPRINTS = (
    "entry_fingerprints.value",
    "content_fingerprints.value",
    "refusals.value",
    "entry_fingerprint.value",
    "registry entry_fingerprint.value",
    "file index/",
    "file console.sqlite",
    "file registry.sqlite",
    "registry answers GET /npo/v2/entries",
)


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """The marked media, outside of the installation's folder."""
    made = media.write(tmp_path / "pictures")
    assert all(PIXELS(path.read_bytes()) for path in made)
    return made


@pytest.fixture
def fingerprints(pictures: list[Path]) -> Search:
    """What is to be kept secret of them: each fingerprint of each file."""
    secrets: dict[str, bytes] = {}
    for path in pictures:
        if path.name == "broken.png":
            continue
        made = fingerprint_file(path)
        found = [made.md5, made.sha1]
        if isinstance(made, PhotoFingerprints):
            found.append(made.pdq)
        else:
            found += [frame.pdq for frame in made.frames]
        secrets |= {f"{one.algorithm} of {path.name}": one.value for one in found}
    return Search(secrets)


@pytest.fixture
def used(installation: Installation, pictures: list[Path]) -> Installation:
    """The installation after everything went through every way in and somebody decided it all."""
    _submit(installation, pictures)
    _scan(installation, pictures)
    _try_to_send(installation, pictures)
    _search(installation, pictures)
    _decide(installation)
    return installation


def _submit(here: Installation, pictures: list[Path]) -> None:
    names = map(str, pictures)
    said = here.command("registry", "submit", *names, "--registry", here.addresses["registry"])
    assert "(6 files)" in said, said
    assert "broken.png" in said
    here.read_list(6)


def _scan(here: Installation, pictures: list[Path]) -> None:
    folder = str(pictures[0].parent)
    state = str(here.folder / "scan.sqlite")
    arguments = ("--console", here.addresses["console"], "--state", state, "--wait", "0")
    said = here.command("scan", folder, *arguments, CONSOLE_API_KEY=here.key())
    assert "broken.png" in said, said
    waiting = list(places.keys(here.redis))
    assert any("rq:job:" in name for name, _ in waiting)
    here.said += [(f"before the work, {name}", data) for name, data in waiting]
    here.work()
    with here.database.read() as session:
        assert len(list(session.scalars(select(Hit.id)))) == 6


def _try_to_send(here: Installation, pictures: list[Path]) -> None:
    """Send the picture itself, wherever something can be sent."""
    with here.database.write() as session:
        key = keys.add(session, name="try", scopes=tuple(Scope), actor="t", now=datetime.now(UTC))
    raw = pictures[0].read_bytes()[:150_000]
    text = base64.b64encode(raw).decode()
    fingerprint = {"algorithm": "pdq", "value": text, text: text}
    items: list[object] = [
        text,
        {"id": "x", "kind": "image", "fingerprints": [fingerprint]},
        {"id": "x", "kind": "image", "fingerprints": [], "bytes": text, text[:100]: 1},
        {"id": text, "kind": text, "fingerprints": text, "context": {"surface": text}},
    ]
    with httpx.Client(timeout=60) as client:
        headers = {"Authorization": f"Bearer {key}"}
        for path in ("content", "check", "content/state"):
            address = f"{here.addresses['console']}/api/v1/{path}"
            for body in ({"items": items}, {"ids": [text]}, {text[:100]: text}, [text]):
                client.post(address, json=body, headers=headers)
            client.post(address, content=raw, headers=headers)
        cases = f"{here.addresses['registry']}/cases"
        for case in ({"items": items}, {"items": [items[1]]}, {"picture": text}, [text], text):
            assert not client.post(cases, json=case).is_success
        assert not client.post(cases, content=raw).is_success
        assert not client.post(cases, files={"file": raw}).is_success


def _search(here: Installation, pictures: list[Path]) -> None:
    """Search by each file, one of them large, and by its fingerprint."""
    mona = here.person(Role.MODERATOR)
    mona.get("/search")
    sent = {"csrf_token": mona.token()}
    files = [path.read_bytes() for path in pictures]
    answered = [
        mona.client.post("/search", data={**sent, "file": (io.BytesIO(file), "x")}).status_code
        for file in [*files, files[-1] + bytes(1_000_000)]
    ]
    assert sorted(answered) == [200] * len(files) + [422], "all but the broken one are read"
    pasted = fingerprint_file(pictures[-1]).md5.hex
    assert mona.client.post("/search", data={**sent, "fingerprint": pasted}).status_code == 200


def _decide(here: Installation) -> None:
    """A lead looks at every page and decides every hit; the outcome is delivered."""
    lena = here.person(Role.LEAD)
    for number in range(1, 7):
        lena.get("/queue")
        lena.follow(lena.press("Claim the most urgent"))
        panel = ("Confirm", "Exact copy", "Near copy")[number % 3]
        lena.follow(lena.press(next(one for one in lena.buttons() if one.startswith(panel))))
    for path in (
        "/queue?view=decided",
        "/audit",
        "/deliveries",
        "/sources",
        "/sources/1",
        "/figures",
    ):
        assert lena.get(path).status_code == 200
    amir = here.person(Role.AUDITOR)
    assert amir.client.get("/audit/export.jsonl").status_code == 200
    here.work()
    with here.database.read() as session:
        states = {row.state for row in session.scalars(select(Delivery)) if row.source_id}
    assert states == {"delivered"}


def _holding(here: Installation, search: Search) -> dict[str, set[str]]:
    """The places in which something is found, with what it is."""
    found: dict[str, set[str]] = {}
    for name, data in here.everything():
        for what in search(data):
            found.setdefault(name, set()).add(what)
    return found


def _pictures_in(here: Installation) -> set[str]:
    """The places that hold what begins a picture, whatever it shows: thumbnails, say.

    The files of the databases are left out: their pages hold fingerprints, which can look like
    anything, and every value in them was looked at by itself.
    """
    return {
        name
        for name, data in here.everything()
        if not name.startswith(("file console.sqlite", "file registry.sqlite", "file index/"))
        and any(mark in data for mark in SIGNATURES)
    }


def test_nothing_of_a_picture_stays_and_fingerprints_stay_where_they_belong(
    used: Installation, fingerprints: Search
) -> None:
    kinds = {name.split()[0].split(".")[0] for name, _ in used.everything()}
    assert {"content", "audit_entries", "deliveries", "redis", "file", "log", "console"} <= kinds
    assert _holding(used, PIXELS) == {}
    assert _pictures_in(used) == set()
    kept = _holding(used, fingerprints)
    assert any(name.startswith("entry_fingerprints") for name in kept), "the search finds them"
    assert [name for name in kept if not name.startswith(KEEPS_FINGERPRINTS)] == []

    # The twin: something is put into each kind of place, in a form of its own, and is found.
    secret = bytes(range(100, 132))  # as long as a fingerprint
    planted = _plant(used, secret)
    found = set(_holding(used, Search({"a fingerprint": secret, "the canary": CANARY})))
    assert {name for name in found if not name.startswith("file console.sqlite")} == planted
    assert _pictures_in(used) == {"file tmp/thumbnail.png"}


def _plant(here: Installation, secret: bytes) -> set[str]:
    """Put `secret` and a picture where they must not be; the places."""
    now = datetime.now(UTC)
    with here.database.write() as session:
        session.add(SyncRun(source_id=1, started_at=now, error=secret.hex()))
        details = {"note": base64.b64encode(b"x" + secret).decode()}
        audit.append(session, at=now, actor="t", action="t", subject="t", details=details)
        delivery = session.scalars(select(Delivery)).first()
        assert delivery
        delivery.body = {"values": list(secret)}
    job = zlib.compress(json.dumps({"args": secret.hex()}).encode())
    here.redis.hset("rq:job:planted", "data", job)
    here.redis.rpush("planted", secret)
    (here.folder / "tmp" / "thumbnail.png").write_bytes(_png())
    grey = bytes(byte for value in secret for byte in [value] * 3)
    (here.folder / "tmp" / "pixels").write_bytes(grey)
    (here.folder / "metadata").write_bytes(media.WORDS.encode())
    here.lines.said.append(f"planted {secret!r}")
    here.recorders[0].answers.append(("console answers GET /planted", secret.hex().encode()))
    here.said.append(("output of planted", base64.urlsafe_b64encode(secret)))
    return {
        "sync_runs.error",
        "audit_entries.details",
        "deliveries.body",
        "redis b'rq:job:planted'",
        "redis b'planted'",
        "file tmp/pixels",
        "file metadata",
        "log",
        "console answers GET /planted",
        "output of planted",
    }


def _png() -> bytes:
    out = io.BytesIO()
    media.marked(9).resize((16, 16)).save(out, "PNG")
    return out.getvalue()
