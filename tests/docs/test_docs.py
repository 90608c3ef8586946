"""The documentation names only what exists, and all that it has to name.

Each rule is a function that returns what is wrong; its twin plants the fault.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import pytest

from app import main
from config.settings import SECRET_PREFIX, load
from exchange.platform import sign
from moderation import audit
from registry.settings import RegistrySettings

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "benchmarks/README.md"])
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"[\w.-]+(?:/[\w.-]+)*(?:/|\.(?:py|toml|md|html|js|css|svg|png|txt))")
CALL = re.compile(r"\bapp\.py ([a-z].*)")
MADE_WHILE_RUNNING = ("var/", "console:")


def _prose(text: str) -> str:
    return FENCE.sub("", text)


def _spans(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", _prose(text))


def _anchors(text: str) -> set[str]:
    """Names of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", _prose(text), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


def broken_links(page: Path, text: str) -> list[str]:
    """Links to a file or heading that is not there. Addresses elsewhere are not asked."""
    found = []
    for link in re.findall(r"\]\(([^)\s]+)\)", _prose(text)):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if "://" in link:
            continue
        elsewhere = target.read_text() if target.suffix == ".md" and target.is_file() else ""
        if not target.exists() or (anchor and anchor not in _anchors(elsewhere if name else text)):
            found.append(link)
    return found


def missing_files(text: str) -> list[str]:
    """Files and folders named in `code` that are not in the project."""
    names = [span for span in _spans(text) if NAMED.fullmatch(span)]
    return [n for n in names if not n.startswith(MADE_WHILE_RUNNING) and not (ROOT / n).exists()]


def unknown_commands(text: str) -> list[str]:
    """`app.py …` that is no command, or has an option that the command does not know."""
    blocks = [code.replace("\\\n", " ") for _, code in FENCE.findall(text)]
    lines = [line for block in blocks for line in block.splitlines()]
    calls = [found[1] for line in lines + _spans(text) if (found := CALL.search(line))]
    return [call for call in calls if not _known(re.split(r"[|;&']", call)[0].split())]


def _known(words: list[str]) -> bool:
    command: click.Command | None = main
    context = click.Context(main)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        command = command.get_command(context, words.pop(0).rstrip(","))
    if command is None:
        return False
    options = {
        name for one in command.get_params(context) for name in (*one.opts, *one.secondary_opts)
    }
    return {word for word in words if word.startswith("--")} <= options


def settings_read() -> set[str]:
    """Every variable that the console's and the registry's settings ask for."""
    asked: set[str] = set()

    class Recording(dict[str, str]):
        def get(self, name: str, default: object = None) -> object:  # type: ignore[override]
            asked.add(name)
            return super().get(name, default)

    key = "0123456789abcdef" * 2
    load(Recording(SECRET_KEY=key, REDIS_URL="redis://localhost/0"))
    registry = {f"REGISTRY_{name}".upper() for name in RegistrySettings.model_fields}
    return asked | registry | {f"{SECRET_PREFIX}<NAME>"}


def _first_cells(text: str, *headings: str) -> set[str]:
    """What stands as `code` in the first column of the tables under these headings."""
    cells: set[str] = set()
    for heading in headings:
        body = re.split(r"^#+ ", text.partition(f"{heading}\n")[2], maxsplit=1, flags=re.MULTILINE)
        cells.update(re.findall(r"^\| `([^`]+)` \|", body[0], re.MULTILINE))
    return cells


def settings_documented(text: str) -> set[str]:
    """The variables in the two tables of docs/running.md."""
    return _first_cells(text, "### The console's variables", "### The registry's variables")


def packages_required() -> set[str]:
    """Every package that is pinned, and every vendored file that a page loads."""
    lines = [line for file in REQUIREMENTS for line in (ROOT / file).read_text().splitlines()]
    pinned = {re.split(r"[=\[ ]", line)[0] for line in lines if re.match(r"[a-z]", line)}
    files = {f"static/vendor/{path.name}" for path in (ROOT / "static/vendor").iterdir()}
    return pinned | {file for file in files if file.endswith((".js", ".css"))}


def packages_documented(text: str) -> set[str]:
    """The packages and files in the tables of docs/dependencies.md."""
    return _first_cells(text, "## To run", "## To test, lint and measure", "## In the browser")


def _python(page: str, defines: str) -> dict[str, object]:
    """What the Python example of a page that defines this name leaves behind when it is run."""
    blocks = [code for kind, code in FENCE.findall((ROOT / page).read_text()) if kind == "python"]
    (code,) = (block for block in blocks if f"def {defines}(" in block)
    names: dict[str, object] = {"__name__": "example"}
    exec(code, names)  # noqa: S102 - our own page
    return names


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_names_only_what_is_there(page: Path) -> None:
    text = page.read_text()
    assert broken_links(page, text) == []
    assert missing_files(text) == []
    assert unknown_commands(text) == []


@pytest.mark.parametrize("link", ["gone.md", "README.md#gone", "#gone"])
def test_a_broken_link_is_seen(link: str) -> None:
    page = ROOT / "README.md"
    assert broken_links(page, f"# There\n[it]({link})\n[here](#there)") == [link]


def test_a_file_that_is_not_there_is_seen() -> None:
    assert missing_files("see `app.py`, `config/gone.py`, `gone/`") == ["config/gone.py", "gone/"]


def test_an_unknown_command_or_option_is_seen() -> None:
    text = "`app.py people list`\n```sh\npython app.py gone\npython app.py keys add x --gone\n```\n"
    assert unknown_commands(text) == ["gone", "keys add x --gone"]


def test_every_setting_is_documented_and_nothing_else() -> None:
    assert settings_documented((ROOT / "docs/running.md").read_text()) == settings_read()


@pytest.mark.parametrize("name", ["DATABASE_URL", "REGISTRY_ACCOUNTS", "SECRET_<NAME>"])
def test_a_setting_that_is_not_documented_is_seen(name: str) -> None:
    text = (ROOT / "docs/running.md").read_text().replace(f"| `{name}` |", "| gone |")
    assert settings_read() - settings_documented(text) == {name}


def test_every_package_is_documented_and_nothing_else() -> None:
    assert packages_documented((ROOT / "docs/dependencies.md").read_text()) == packages_required()


@pytest.mark.parametrize("name", ["numba", "schemathesis", "static/vendor/htmx.min.js"])
def test_a_package_that_is_not_documented_is_seen(name: str) -> None:
    text = (ROOT / "docs/dependencies.md").read_text().replace(f"| `{name}` |", "| gone |")
    assert packages_required() - packages_documented(text) == {name}


def test_the_example_for_webhooks_knows_our_signature() -> None:
    example = _python("docs/connecting-a-platform.md", "genuine")
    clock: Mapping[str, float] = {"now": 1_772_366_400}
    example["time"] = type("Clock", (), {"time": staticmethod(lambda: clock["now"])})
    genuine = example["genuine"]
    assert callable(genuine)
    header = sign("a secret", 1_772_366_400, b"{}")
    assert genuine("a secret", header, b"{}")
    assert genuine("a secret", f"{header},v1=00", b"{}")
    for secret, body in (("another", b"{}"), ("a secret", b"[]")):
        assert not genuine(secret, header, body)
    for faulty in ("", "t=x,v1=00", header.replace("t=", "t=1")):
        assert not genuine("a secret", faulty, b"{}")
    clock = {"now": 1_772_366_400 + 301}
    assert not genuine("a secret", header, b"{}")


def test_the_example_for_auditors_finds_what_we_find() -> None:
    faults = _python("docs/moderating.md", "faults")["faults"]
    assert callable(faults)
    lines = [line.replace("\n", "") for line in _chain(3)]
    assert list(faults(lines)) == []
    assert list(faults([lines[0], lines[1].replace("mona", "milan"), lines[2]])) == [2]
    assert list(faults([lines[0], lines[2]])) == [2]


def _chain(length: int) -> Iterator[str]:
    previous = audit.GENESIS
    for number in range(1, length + 1):
        line: dict[str, object] = {"id": number, "actor": "person:mona", "previous_hash": previous}
        line["hash"] = previous = audit.digest(line)
        yield json.dumps(line)
