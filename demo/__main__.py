"""Loads the demo once everything runs, and says when it is ready.

Run as `python -m demo CONSOLE REGISTRY [--empty]`. What a person's device and a platform would do
is done by the same commands that they would use.
"""

import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
from sqlalchemy import func, select

from config.settings import ROOT, load
from demo.pictures import ALTERATIONS, landscape
from exchange.records import Outcome, Vote
from exchange.registry import connect
from jobs.registries import Registries
from jobs.runtime import Runtime, build
from matching.fingerprint import Algorithm
from moderation import keys, people, sources
from moderation.keys import Scope
from moderation.permissions import Role
from moderation.source_settings import SourceSettings
from store.entry import Entry
from store.hit import Hit
from store.person import Person
from store.source import Source

SOURCE = "Take It Down"
CASES, UNRELATED = 12, 40
ACTOR = "command:demo"
PEOPLE = {
    "mona": ("Mona Berg", Role.MODERATOR),
    "milan": ("Milan Okoye", Role.MODERATOR),
    "lena": ("Lena Fischer", Role.LEAD),
    "amir": ("Amir Haddad", Role.AUDITOR),
    "ada": ("Ada Lind", Role.ADMIN),
}
WAIT_SECONDS = 120


def main(console: str, registry: str, *, empty: bool) -> None:
    """Wait for the processes, load what is missing, print `ready`, and stay until stopped."""
    parts = build(load())
    _await("console", lambda: _answers(f"{console}/healthz"))
    _await("registry", lambda: _answers(f"{registry}/"))
    if not empty:
        _add_source(parts, registry)
        if not _count(parts, Hit):
            _load(parts, console, registry)
    logins = " ".join(f"{login}:{password}" for login, password in _people(parts).items())
    _say(f"ready  console {console}  registry {registry}  people {logins}")
    signal.pause()


def _load(parts: Runtime, console: str, registry: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        device, platform = Path(folder) / "device", Path(folder) / "platform"
        _say("drawing pictures")
        _draw(device, platform)
        if not _count(parts, Entry):
            _say(f"submitting {CASES} fingerprints to the registry, as a person's device would")
            _run("registry", "submit", *sorted(map(str, device.iterdir())), "--registry", registry)
        _say("reading the registry's list")
        _await("entries", lambda: _synced(parts))
        _vote_as_peer(parts, registry)
        _say("scanning the platform's content")
        key = _key(parts)
        state = parts.settings.data_dir / "demo" / "scan.sqlite"
        context = ("--surface", "feed", "--uploader", "member-7")
        target = ("--console", console, "--key", key, "--state", str(state))
        _run("scan", str(platform), *target, *context)
    _await("hits", lambda: _count(parts, Hit) > 0)


def _draw(device: Path, platform: Path) -> None:
    device.mkdir()
    platform.mkdir()
    for number in range(CASES):
        picture = landscape(number)
        picture.save(device / f"picture-{number}.png")
        for name in list(ALTERATIONS)[: 1 + number % len(ALTERATIONS)]:
            ending, encode = ALTERATIONS[name]
            (platform / f"upload-{number:02}-{name}{ending}").write_bytes(encode(picture))
    for number in range(UNRELATED):
        landscape(1_000 + number).save(platform / f"upload-other-{number:02}.jpg", quality=90)


def _add_source(parts: Runtime, registry: str) -> None:
    with parts.database.write() as session:
        if session.scalar(select(Source.id).where(Source.name == SOURCE)):
            return
        sources.add(
            session,
            name=SOURCE,
            kind=Registries(parts).kinds()["ncmec"],
            settings=SourceSettings(f"{registry}/npo", "local_registry"),
            policy=parts.settings.policy,
            actor=ACTOR,
            now=datetime.now(UTC),
        )


def _synced(parts: Runtime) -> bool:
    """Whether the list has arrived; asks for another sync if not.

    The registry's clock counts seconds and its newest are left for the next window, so the first
    sync may come too early.
    """
    with parts.database.read() as session:
        source = session.scalars(select(Source).where(Source.name == SOURCE)).one()
    if _count(parts, Entry) >= CASES:
        return True
    parts.wake.sync(source.id)
    time.sleep(2)
    return False


def _vote_as_peer(parts: Runtime, registry: str) -> None:
    """Let another platform confirm some entries, so that the evidence shows what peers say."""
    credentials = parts.settings.secret("peer_registry")
    if credentials is None:
        return
    with parts.database.read() as session:
        entries = list(session.scalars(select(Entry).order_by(Entry.id).limit(CASES // 3)))
    with connect("ncmec", f"{registry}/npo", credentials) as peer:
        for entry in entries:
            peer.report(Outcome(entry.member_id, entry.entry_id, Algorithm.PDQ, Vote.AFFIRMATIVE))


def _key(parts: Runtime) -> str:
    name = f"demo scan {datetime.now(UTC):%Y-%m-%d %H.%M.%S}"
    with parts.database.write() as session:
        return keys.add(
            session,
            name=name,
            scopes=(Scope.WRITE_CONTENT, Scope.READ_CONTENT),
            actor=ACTOR,
            now=datetime.now(UTC),
        )


def _people(parts: Runtime) -> dict[str, str]:
    """Everybody of the demo with a fresh password: there is no standard one to forget about."""
    passwords: dict[str, str] = {}
    for login, (name, role) in PEOPLE.items():
        passwords[login] = password = secrets.token_urlsafe(12)
        now = datetime.now(UTC)
        with parts.database.write() as session:
            if session.scalar(select(Person.id).where(Person.login == login)):
                people.set_password(session, login=login, password=password, actor=ACTOR, now=now)
            else:
                people.add(
                    session,
                    login=login,
                    name=name,
                    role=role,
                    password=password,
                    actor=ACTOR,
                    now=now,
                )
    return passwords


def _run(*arguments: str) -> None:
    """Run one of our own commands; its words are shown only if it fails."""
    done = subprocess.run(
        [sys.executable, "app.py", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{arguments[0]} failed:\n{done.stdout}{done.stderr}")


def _count(parts: Runtime, table: type[Entry] | type[Hit]) -> int:
    with parts.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code < 500
    except httpx.HTTPError:
        return False


def _await(what: str, there: Callable[[], bool]) -> None:
    _say(f"waiting for the {what}")
    deadline = time.monotonic() + WAIT_SECONDS
    while not there():
        if time.monotonic() > deadline:
            raise SystemExit(f"the {what} did not come within {WAIT_SECONDS} seconds; see the logs")
        time.sleep(0.2)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - this is what the command shows


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], empty="--empty" in sys.argv[3:])
