"""The arrows between the layers hold, and the guard that says so sees them broken."""

import ast
import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / ".importlinter"

# One forbidden import for each contract, by the contract's id: where it is planted, and what.
PLANTED = {
    "layers": ("moderation/naming.py", "import jobs.wake"),
    "root": ("commands/keys.py", "import app"),
    "matching": ("matching/limits.py", "import sqlalchemy"),
    "exchange": ("exchange/records.py", "import matching.limits"),
    "store": ("store/base.py", "import matching.fingerprint"),
    "config": ("config/policy.py", "import matching.limits"),
    "moderation": ("moderation/clock.py", "import exchange.connection"),
    "console": ("console/grid.py", "import exchange.registry"),
    "jobs": ("jobs/queues.py", "import flask"),
    "local": ("local/secrets.py", "import config.settings"),
    "registry": ("registry/names.py", "import store.base"),
    "scanner": ("scanner/content_id.py", "import exchange.registry"),
}


def _config() -> ConfigParser:
    config = ConfigParser()
    config.read(CONFIG)
    return config


def _packages() -> list[str]:
    return _config()["importlinter"]["root_packages"].split()


def _contracts() -> dict[str, str]:
    """The name of each contract by its id."""
    found = {}
    for section in _config().sections():
        if section.startswith("importlinter:contract:"):
            found[section.rpartition(":")[2]] = _config()[section]["name"]
    return found


def _verdicts(tree: Path) -> dict[str, str]:
    """KEPT or BROKEN for each contract, by its name, in the project under `tree`."""
    program = "from importlinter.cli import lint_imports_command as run; run()"
    options = ["--no-cache", "--no-logo", "--config", str(CONFIG)]
    done = subprocess.run(
        [sys.executable, "-c", program, *options],
        cwd=tree,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"COLUMNS": "400", "PYTHONPATH": str(tree)},
    )
    verdicts = dict(re.findall(r"^(.+) (KEPT|BROKEN)\b", done.stdout, re.MULTILINE))
    assert verdicts, done.stdout + done.stderr
    return verdicts


def test_every_arrow_holds() -> None:
    assert _verdicts(ROOT) == dict.fromkeys(_contracts().values(), "KEPT")


def test_every_package_is_under_the_guard() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert set(_packages()) == packages - {"tests", "benchmarks"}


def test_a_planted_import_breaks_each_contract(tmp_path: Path) -> None:
    for package in _packages():
        shutil.copytree(ROOT / package, tmp_path / package)
    assert set(PLANTED) == set(_contracts()), "a contract without a planted fault"
    for place, fault in PLANTED.values():
        file = tmp_path / place
        file.write_text(f"{file.read_text()}\n{fault}\n")
    assert _verdicts(tmp_path) == dict.fromkeys(_contracts().values(), "BROKEN")


def _commits(source: str) -> bool:
    """Whether a program calls `commit()` on something."""
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "commit"
        for node in ast.walk(ast.parse(source))
    )


@pytest.mark.parametrize(
    "package", ["commands", "config", "console", "demo", "jobs", "moderation", "store"]
)
def test_only_the_unit_of_work_ends_a_transaction(package: str) -> None:
    assert [
        file.name for file in (ROOT / package).rglob("*.py") if _commits(file.read_text())
    ] == []


def test_a_planted_commit_is_seen() -> None:
    assert _commits("def helper(session):\n    session.add(1)\n    session.commit()\n")
