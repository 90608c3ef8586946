"""Hold a page, or a fragment that htmx swaps in, against every rule.

response = client.get("/queue")
check_page(response.text)
"""

from collections.abc import Iterable

from tests.pages.rules.names import NAMES
from tests.pages.rules.safety import SAFETY
from tests.pages.rules.structure import EVERYWHERE, WHOLE_PAGE
from tests.pages.tree import Node, Rule, read

ALWAYS = EVERYWHERE + NAMES + SAFETY


def check_page(html: str) -> None:
    """Raise AssertionError with every fault of a whole page, each with what to do about it."""
    root, faults = read(html)
    if not html.lstrip().lower().startswith("<!doctype html>"):
        faults.append("the page must begin with <!doctype html>, or browsers guess")
    _refuse(faults + _found(root, ALWAYS + WHOLE_PAGE))


def check_fragment(html: str) -> None:
    """The same for a fragment: everything except what only a whole page has."""
    root, faults = read(html)
    if any(node.tag in ("html", "body", "main") for node in root.walk()):
        faults.append("a fragment holds a whole page: render the fragment's own template")
    _refuse(faults + _found(root, ALWAYS))


def _found(root: Node, rules: Iterable[Rule]) -> list[str]:
    return [fault for rule in rules for fault in rule(root)]


def _refuse(faults: list[str]) -> None:
    if faults:
        raise AssertionError(f"{len(faults)} faults in the page:\n- " + "\n- ".join(faults))
