"""A page as a tree, read strictly: whatever a browser would silently repair is a fault here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset(
    ["area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)


@dataclass(slots=True)
class Node:
    """One element. Text stands between the children, as plain strings."""

    tag: str
    attributes: dict[str, str]
    line: int
    parent: "Node | None" = None
    children: "list[Node | str]" = field(default_factory=list)

    def walk(self) -> "Iterator[Node]":
        """The elements below this one, in the order of the page."""
        for child in self.children:
            if isinstance(child, Node):
                yield child
                yield from child.walk()

    def ancestors(self) -> "Iterator[Node]":
        """The elements around this one, the nearest first."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent

    def text(self) -> str:
        """All text inside, white space as it stands."""
        return "".join(c if isinstance(c, str) else c.text() for c in self.children)

    def __str__(self) -> str:
        shown = "".join(
            f' {name}="{value[:40]}"'
            for name, value in self.attributes.items()
            if name in ("id", "name", "href", "class", "type")
        )
        return f"line {self.line}: <{self.tag}{shown}>"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("#page", {}, 1)
        self.open = self.root
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._add(tag, attrs, leaf=tag in VOID)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        inside_svg = tag == "svg" or any(
            n.tag == "svg" for n in [self.open, *self.open.ancestors()]
        )
        if tag not in VOID and not inside_svg:
            self.faults.append(f"line {self.getpos()[0]}: <{tag}/> does not close itself in HTML")
        self._add(tag, attrs, leaf=True)

    def _add(self, tag: str, attrs: list[tuple[str, str | None]], *, leaf: bool) -> None:
        line = self.getpos()[0]
        names = [name for name, _ in attrs]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.faults.append(f"line {line}: <{tag}> has {name} twice; the second is ignored")
        node = Node(tag, {name: value or "" for name, value in attrs}, line, self.open)
        self.open.children.append(node)
        if not leaf:
            self.open = node

    def handle_endtag(self, tag: str) -> None:
        if tag == self.open.tag and self.open.parent is not None:
            self.open = self.open.parent
            return
        line = self.getpos()[0]
        self.faults.append(f"line {line}: </{tag}> closes nothing; open is {self.open}")
        while tag in [n.tag for n in self.open.ancestors()] and self.open.parent is not None:
            closed, self.open = self.open.tag, self.open.parent
            if closed == tag:
                return

    def handle_data(self, data: str) -> None:
        self.open.children.append(data)


def read(html: str) -> tuple[Node, list[str]]:
    """The tree of a page or of a fragment, and what a browser would have had to repair."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    if reader.open is not reader.root:
        reader.faults.append(f"{reader.open} is never closed")
    return reader.root, reader.faults


Rule = Callable[[Node], Iterator[str]]
"""Yields the faults of a page or fragment, each with the place and what to do."""
