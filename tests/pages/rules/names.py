"""What a person needs who does not see the page: names, labels, order. Source: WCAG 2.2."""

import re
from collections.abc import Iterator
from itertools import combinations, pairwise

from tests.pages.tree import Node, Rule

FIELDS = frozenset(["input", "select", "textarea"])

UNLABELLED = frozenset(["hidden", "submit", "button", "reset", "image"])

NAMED = frozenset(["a", "button", "summary", "legend", "label", "th", "h1", "h2", "h3", "h4"])


def name_of(node: Node) -> str:
    """The accessible name as far as the page itself gives it: label, text, title."""
    if label := node.attributes.get("aria-label", "").strip():
        return label
    if ids := node.attributes.get("aria-labelledby", "").split():
        root = [node, *node.ancestors()][-1]
        return " ".join(n.text() for n in root.walk() if n.attributes.get("id") in ids).strip()

    def spoken(part: Node | str) -> str:
        if isinstance(part, str):
            return part
        if part.attributes.get("aria-hidden") == "true" or "hidden" in part.attributes:
            return ""
        return part.attributes.get("aria-label") or "".join(map(spoken, part.children))

    text = "".join(map(spoken, node.children)).strip()
    return text or node.attributes.get("title", "").strip()


def name_of_field(node: Node) -> str:
    """A field's name from itself alone; its text is its value, not its name."""
    if node.attributes.get("aria-label", "").strip() or "aria-labelledby" in node.attributes:
        return name_of(node)
    return ""


def fields_are_labelled(root: Node) -> Iterator[str]:
    labelled = {
        n.attributes["for"] for n in root.walk() if n.tag == "label" and "for" in n.attributes
    }
    for node in root.walk():
        if node.tag not in FIELDS or node.attributes.get("type") in UNLABELLED:
            continue
        wrapped = any(n.tag == "label" for n in node.ancestors())
        named = node.attributes.get("id") in labelled or wrapped
        if not named and not name_of_field(node):
            yield f"{node} has no label: give it an id and a <label for>"
        if node.attributes.get("type") == "password" and "autocomplete" not in node.attributes:
            yield f"{node}: say autocomplete, so that password managers work (WCAG 1.3.5)"


def controls_have_names(root: Node) -> Iterator[str]:
    for node in root.walk():
        role = node.attributes.get("role", "")
        if node.tag == "svg" and role == "img":
            titles = [c for c in node.children if isinstance(c, Node) and c.tag == "title"]
            if not (titles or name_of(node)):
                yield f"{node} is a picture without a <title>"
        elif node.tag == "dialog" or role in ("img", "dialog", "group", "region"):
            if not ({"aria-label", "aria-labelledby"} & set(node.attributes) and name_of(node)):
                yield f"{node} has no name: aria-labelledby its heading"
        elif node.tag in NAMED and not name_of(node):
            yield f"{node} has no name: give it text or an aria-label"


def order_of_reading(root: Node) -> Iterator[str]:
    level = 0
    for node in root.walk():
        if int(node.attributes.get("tabindex", "0") or 0) > 0:
            yield f"{node} has a positive tabindex: let the page's order decide"
        if re.fullmatch(r"h[1-6]", node.tag):
            if level and int(node.tag[1]) > level + 1:
                yield f"{node} skips a level after h{level}"
            level = int(node.tag[1])


def keys_are_single_and_unique(root: Node) -> Iterator[str]:
    keyed = [node for node in root.walk() if "data-key" in node.attributes]
    for node in keyed:
        key = node.attributes["data-key"]
        if len(key) != 1 or key.isspace() or key.isupper():
            yield f'{node} has data-key="{key}": one lower-case character'
        if "data-action" not in node.attributes:
            yield f"{node} has a key without data-action: it could not be remapped"
    for node in root.walk():
        if "accesskey" in node.attributes:
            yield f"{node} has an accesskey, which cannot be switched off: use data-key"
    for one, other in combinations(keyed, 2):
        if one.attributes["data-key"] == other.attributes["data-key"] and _together(one, other):
            yield f"{other} has the key of {one}: only the first would answer"


def _together(one: Node, other: Node) -> bool:
    """Whether both can be seen at once: of <details> with the same name, only one is open."""
    panels, others = _panels(one), _panels(other)
    return not any(
        a is not b and a.attributes["name"] == b.attributes["name"] for a in panels for b in others
    )


def _panels(node: Node) -> list[Node]:
    """The <details> with a name that hide this node when they are closed."""
    around = [node, *node.ancestors()]
    return [
        panel
        for inner, panel in pairwise(around)
        if panel.tag == "details" and "name" in panel.attributes and inner.tag != "summary"
    ]


NAMES: tuple[Rule, ...] = (
    fields_are_labelled,
    controls_have_names,
    order_of_reading,
    keys_are_single_and_unique,
)
