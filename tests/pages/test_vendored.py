"""The vendored files are byte for byte what their makers published."""

import hashlib
from pathlib import Path

import pytest

VENDOR = Path(__file__).parents[2] / "static" / "vendor"
UNCHECKED = {"CHECKSUMS", "VENDORED.md", ".gitattributes"}


def altered(folder: Path) -> list[str]:
    """Names of files that are missing, changed, or not listed in the folder's CHECKSUMS."""
    lines = (folder / "CHECKSUMS").read_text().splitlines()
    listed = {name: digest for digest, name in (line.split() for line in lines)}
    present = {path.name: path for path in folder.iterdir() if path.name not in UNCHECKED}
    same = {
        name
        for name, path in present.items()
        if listed.get(name) == hashlib.sha256(path.read_bytes()).hexdigest()
    }
    return sorted((listed.keys() | present.keys()) - same)


def test_nothing_vendored_is_altered() -> None:
    assert altered(VENDOR) == [], "take the file anew from its package, see VENDORED.md"


def test_every_vendored_file_is_described() -> None:
    described = (VENDOR / "VENDORED.md").read_text()
    for path in VENDOR.iterdir():
        assert path.name in UNCHECKED or path.name in described, f"describe {path.name}"


@pytest.mark.parametrize("fault", ["changed", "missing", "unlisted"])
def test_a_planted_change_is_seen(tmp_path: Path, fault: str) -> None:
    for path in VENDOR.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert altered(tmp_path) == []
    name = "extra.js" if fault == "unlisted" else "htmx.min.js"
    if fault == "missing":
        (tmp_path / name).unlink()
    else:
        with (tmp_path / name).open("ab") as file:
            file.write(b"\n")
    assert altered(tmp_path) == [name]
