"""What keeps the policy, the token and the two secrets: pictures and fingerprints.

Source: the content security policy of the console, and the invariants "no pixels" and
"fingerprints are secrets".
"""

import re
from collections.abc import Iterator

from tests.pages.tree import Node, Rule

MEDIA = frozenset(
    [
        "video",
        "audio",
        "picture",
        "source",
        "track",
        "embed",
        "object",
        "iframe",
        "image",
        "foreignobject",
    ]
)

FINGERPRINT = re.compile(
    r"(?<![0-9a-fA-F])(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})(?![0-9a-fA-F])"
)


def links_go_somewhere(root: Node) -> Iterator[str]:
    for node in root.walk():
        for name in ("href", "action", "formaction", "hx-get", "hx-post", "src", "data"):
            value = node.attributes.get(name, "").strip()
            if re.match(r"(?i)\s*(javascript|vbscript|data)\s*:", value):
                yield f"{node} has a {name} that is a script or data: use an address"
        if node.tag == "a":
            href = node.attributes.get("href", "")
            if href in ("", "#"):
                yield f"{node} goes nowhere: use a button for what acts"
            if node.attributes.get("target") == "_blank" and "noopener" not in node.attributes.get(
                "rel", ""
            ):
                yield f'{node} opens a window without rel="noopener"'


def nothing_inline(root: Node) -> Iterator[str]:
    for node in root.walk():
        if node.tag == "style":
            yield f"{node}: styles stand in static/console.css (style-src 'self')"
        if node.tag == "script" and (node.text().strip() or "src" not in node.attributes):
            yield f"{node}: scripts stand in static/ (script-src 'self')"
        for name, value in node.attributes.items():
            if name == "style":
                yield f"{node} has a style attribute: use a class (style-src 'self')"
            if name.startswith(("on", "hx-on", "data-hx-on")) or name == "srcdoc":
                yield f"{node} has {name}: listen in static/ instead (script-src 'self')"
            if name.startswith(("hx-vals", "hx-headers")) and re.match(
                r"\s*(js|javascript):", value
            ):
                yield f"{node} has {name} as a script: give plain JSON (allowEval is off)"


def only_our_own_files(root: Node) -> Iterator[str]:
    for node in root.walk():
        if node.tag == "base" or node.attributes.get("http-equiv", "").lower() == "refresh":
            yield f"{node} moves the page: not here (base-uri 'none', WCAG 2.2.1)"
        loads = {"script": "src", "img": "src", "link": "href"}.get(node.tag)
        if loads and not node.attributes.get(loads, "").startswith("/static/"):
            yield f"{node} loads from outside /static/: vendor it"


def no_pictures_of_content(root: Node) -> Iterator[str]:
    for node in root.walk():
        if node.tag in MEDIA:
            yield f"{node}: no page shows media, ever (invariant 1)"
        if node.tag == "img" and "alt" not in node.attributes:
            yield f"{node} has no alt"


def no_fingerprints(root: Node) -> Iterator[str]:
    """Digests and ids that look like one say so with data-opaque, on themselves or around them."""

    def told(node: Node) -> bool:
        return any("data-opaque" in n.attributes for n in [node, *node.ancestors()])

    for node in [root, *root.walk()]:
        if told(node):
            continue
        texts = [child for child in node.children if isinstance(child, str)]
        if any(FINGERPRINT.search(text) for text in [*texts, *node.attributes.values()]):
            yield (
                f"{node} holds 32, 40 or 64 hex digits: a fingerprint is never shown (invariant 2);"
                f" if it is a digest or an id, mark it with data-opaque"
            )


def posts_carry_the_token(root: Node) -> Iterator[str]:
    for form in (n for n in root.walk() if n.tag == "form"):
        method = form.attributes.get("method", "get").lower()
        inside = list(form.walk())
        tokens = [n for n in inside if n.attributes.get("name") == "csrf_token"]
        if method == "post" and not any(n.attributes.get("value") for n in tokens):
            yield f"{form} posts without csrf_token: add the component `csrf`"
        if method == "get" and tokens:
            yield f"{form} puts csrf_token into the address: only POST carries it"
        passwords = any(n.attributes.get("type") == "password" for n in inside)
        if method == "get" and passwords:
            yield f"{form} puts a password into the address: use POST"
        if "hx-post" in form.attributes and method != "post":
            yield f"{form} posts only with JavaScript: give it method and action too"


SAFETY: tuple[Rule, ...] = (
    links_go_somewhere,
    nothing_inline,
    only_our_own_files,
    no_pictures_of_content,
    no_fingerprints,
    posts_carry_the_token,
)
