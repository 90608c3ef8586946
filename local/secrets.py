"""Secrets of a local installation: made once, kept in one file that only its owner reads."""

import json
import secrets
from pathlib import Path

NAMES = (
    "SECRET_KEY",
    "PLATFORM_SECRET",
    "REGISTRY_SECRET_KEY",
    "CONSOLE_REGISTRY_PASSWORD",
    "PEER_REGISTRY_PASSWORD",
)


def local_secrets(folder: Path) -> dict[str, str]:
    """The secrets under `folder`, made now if there are none; one that is missing is added."""
    file = folder / "secrets.json"
    known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    missing = [name for name in NAMES if name not in known]
    if missing:
        known |= {name: secrets.token_hex(32) for name in missing}
        draft = folder / "secrets.json.new"
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(known, indent=1))
        draft.replace(file)
    return known
