"""What stands where. Source: the content models of the HTML standard."""

import re
from collections import Counter
from collections.abc import Iterator

from tests.pages.tree import Node, Rule

ACTS = frozenset(["a", "button", "details", "input", "label", "select", "summary", "textarea"])

# fmt: off
BLOCKS = frozenset([
    "address", "article", "aside", "blockquote", "details", "dialog", "div", "dl", "fieldset",
    "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "nav",
    "ol", "p", "pre", "section", "table", "ul",
])
# fmt: on

PARENTS = {
    "li": {"ul", "ol", "menu"},
    "dt": {"dl", "div"},
    "dd": {"dl", "div"},
    "tr": {"thead", "tbody", "tfoot"},
    "td": {"tr"},
    "th": {"tr"},
    "thead": {"table"},
    "tbody": {"table"},
    "tfoot": {"table"},
    "caption": {"table"},
    "option": {"select", "optgroup", "datalist"},
    "legend": {"fieldset"},
    "summary": {"details"},
    "figcaption": {"figure"},
}

CHILDREN = {
    "ul": {"li", "template"},
    "ol": {"li", "template"},
    "dl": {"dt", "dd", "div"},
    "tr": {"td", "th"},
    "tbody": {"tr"},
    "thead": {"tr"},
}

REFERENCES = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "form", "list")


def unique_ids(root: Node) -> Iterator[str]:
    ids = Counter(n.attributes["id"] for n in root.walk() if "id" in n.attributes)
    for value, count in ids.items():
        if count > 1:
            yield f'id="{value}" stands {count} times: give each element its own'
        if not value or re.search(r"\s", value):
            yield f'id="{value}": an id is one word'


def references_lead_somewhere(root: Node) -> Iterator[str]:
    ids = {n.attributes["id"] for n in root.walk() if "id" in n.attributes}
    for node in root.walk():
        for name in REFERENCES:
            if name == "list" and node.tag != "input":
                continue
            for target in node.attributes.get(name, "").split():
                if target not in ids:
                    yield f'{node} has {name}="{target}", and nothing has that id'


def pieces_stand_where_they_may(root: Node) -> Iterator[str]:
    for node in root.walk():
        above = [n.tag for n in node.ancestors()]
        parent = above[0]
        allowed = PARENTS.get(node.tag)
        if allowed and parent not in allowed and parent not in ("#page", "template"):
            yield f"{node} stands in <{parent}>; it belongs in {' or '.join(sorted(allowed))}"
        if parent in CHILDREN and node.tag not in CHILDREN[parent]:
            yield f"{node} may not stand directly in <{parent}>"
        if node.tag in BLOCKS and {"p", "h1", "h2", "h3", "h4", "span", "button"} & set(above):
            yield f"{node} may not stand inside a paragraph, heading, span or button"
        if node.tag == "form" and "form" in above:
            yield f"{node} stands in another form: browsers drop the inner one"
        acts = node.tag in ACTS and node.attributes.get("type") != "hidden"
        if acts and {"a", "button"} & set(above):
            yield f"{node} stands inside a link or button: nothing that acts may"
        if node.tag == "summary" and node.parent and node.parent.children:
            first = next(c for c in node.parent.children if isinstance(c, Node))
            if first is not node:
                yield f"{node} must be the first thing in its <details>"


def one_of_each(root: Node) -> Iterator[str]:
    count = Counter(n.tag for n in root.walk() if not any(a.tag == "svg" for a in n.ancestors()))
    for tag in ("html", "head", "title", "body", "main", "h1"):
        if count[tag] != 1:
            yield f"the page has {count[tag]} <{tag}>: it needs exactly one"


def says_what_it_is(root: Node) -> Iterator[str]:
    for node in root.walk():
        if node.tag == "html":
            if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]+)*", node.attributes.get("lang", "")):
                yield f"{node}: say the language with lang (WCAG 3.1.1)"
            if node.attributes.get("dir") not in ("ltr", "rtl"):
                yield f"{node}: say dir, ltr or rtl"
        in_head = node.tag == "title" and node.parent and node.parent.tag == "head"
        if in_head and not re.fullmatch(r"\S.* · Takedown console", node.text().strip()):
            yield f"{node} is {node.text().strip()!r}: write 'Page · Takedown console'"


def main_can_be_reached(root: Node) -> Iterator[str]:
    first = next((n for n in root.walk() if n.tag == "a"), None)
    mains = {n.attributes.get("id") for n in root.walk() if n.tag == "main"}
    if first is None or first.attributes.get("href", "")[1:] not in mains:
        yield "the first link of the page must skip to <main id> (WCAG 2.4.1)"


EVERYWHERE: tuple[Rule, ...] = (unique_ids, pieces_stand_where_they_may)

WHOLE_PAGE: tuple[Rule, ...] = (
    one_of_each,
    says_what_it_is,
    main_can_be_reached,
    references_lead_somewhere,
)
