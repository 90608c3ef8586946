"""Secrets of a local installation: made once, good enough for the settings, read by nobody else."""

import json
from pathlib import Path

from config.settings import load
from local.secrets import NAMES, local_secrets


def test_they_are_made_once_and_kept(tmp_path: Path) -> None:
    first = local_secrets(tmp_path)
    assert set(first) == set(NAMES)
    assert len(set(first.values())) == len(NAMES)
    assert local_secrets(tmp_path) == first


def test_they_are_good_enough_to_start_with(tmp_path: Path) -> None:
    made = local_secrets(tmp_path)
    environ = {"REDIS_URL": "redis://127.0.0.1/0", "DATA_DIR": str(tmp_path)} | made
    assert load(environ).secret_key.get_secret_value() == made["SECRET_KEY"]


def test_one_that_a_newer_version_wants_is_added_and_the_others_stay(tmp_path: Path) -> None:
    old = local_secrets(tmp_path)
    del old["PLATFORM_SECRET"]
    (tmp_path / "secrets.json").write_text(json.dumps(old))
    new = local_secrets(tmp_path)
    assert {name: new[name] for name in old} == old
    assert len(new["PLATFORM_SECRET"]) == 64


def test_only_their_owner_reads_them_and_no_draft_is_left(tmp_path: Path) -> None:
    local_secrets(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["secrets.json"]
    assert (tmp_path / "secrets.json").stat().st_mode & 0o077 == 0
