"""A person at a browser without JavaScript: reads pages strictly, follows links, presses buttons.

Every HTML answer is held against the rules of tests/pages. The token of a form comes out of the
form, as it does in a browser, so that no test goes round the protection that people have.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.pages.checks import check_fragment, check_page
from tests.pages.rules.names import name_of
from tests.pages.tree import Node, read

HTMX = {"HX-Request": "true"}


@dataclass
class Form:
    """A form as it would be sent: where to, how, and what is in it before anything is typed."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class Visitor:
    """One browser: its cookies and the page that it shows."""

    def __init__(self, app: Flask, address: str = "127.0.0.1") -> None:
        self.client: FlaskClient = app.test_client()
        self.address = address
        self.page = Node("#page", {}, 1)
        self.path = "/"
        self.answer: TestResponse | None = None

    def get(self, path: str, *, htmx: bool = False) -> TestResponse:
        """Open a path; a redirect is not followed."""
        return self._open("GET", path, headers=HTMX if htmx else {})

    def post(
        self, path: str, data: Mapping[str, str] | None = None, *, htmx: bool = False
    ) -> TestResponse:
        """Post fields as they are, for what no form of ours would send."""
        return self._open("POST", path, data=dict(data or {}), headers=HTMX if htmx else {})

    def follow(self, answer: TestResponse) -> TestResponse:
        """Go where a redirect leads. AssertionError if it is none, or leads elsewhere."""
        assert answer.status_code in (302, 303), f"{answer.status}: {text_of(self.page)[:300]}"
        target = urlsplit(answer.location)
        assert not target.netloc, f"leads to another host: {answer.location}"
        return self.get(answer.location)

    def press(self, name: str, /, *, htmx: bool = False, **typed: str) -> TestResponse:
        """Press the first button with this name, after typing `typed` into its form."""
        for button in self.page.walk():
            if button.tag == "button" and _words(name_of(button)) == name:
                form = form_around(button)
                for each in typed:
                    assert each in form.fields, f"the form of {name!r} has no field {each!r}"
                sent = {**form.fields, **typed, **_value_of(button)}
                return self.send(form, sent, htmx=htmx)
        raise AssertionError(f"no button {name!r}; there are: {', '.join(self.buttons())}")

    def send(
        self, form: Form, fields: Mapping[str, str | list[str]], *, htmx: bool = False
    ) -> TestResponse:
        """Send a form with these fields; one with several values is there several times."""
        headers = HTMX if htmx else {}
        if form.method == "get":
            return self._open("GET", form.action, query_string=dict(fields), headers=headers)
        return self._open("POST", form.action, data=dict(fields), headers=headers)

    def form(self, action: str) -> Form:
        """The form of the page that goes to `action`."""
        for node in self.page.walk():
            if node.tag == "form" and node.attributes.get("action") == action:
                return form_of(node)
        raise AssertionError(f"the page has no form to {action}")

    def buttons(self) -> list[str]:
        """The names of all buttons of the page, in order."""
        return [_words(name_of(n)) for n in self.page.walk() if n.tag == "button"]

    def links(self, label: str) -> list[tuple[str, str]]:
        """(name, address) of each link of the navigation with this label."""
        for nav in self.page.walk():
            if nav.tag == "nav" and nav.attributes.get("aria-label") == label:
                return [
                    (_words(name_of(n)), n.attributes["href"]) for n in nav.walk() if n.tag == "a"
                ]
        return []

    def rows(self, table: str) -> list[list[str]]:
        """The cells' texts of the body of the table with this id."""
        for node in self.page.walk():
            if node.tag == "table" and node.attributes.get("id") == table:
                return [
                    [_spaced(c) for c in row.children if isinstance(c, Node)]
                    for body in node.walk()
                    if body.tag == "tbody"
                    for row in body.children
                    if isinstance(row, Node)
                ]
        return []

    def facts(self) -> dict[str, str]:
        """Every term on the page with what it says."""
        pairs = [
            n for n in self.page.walk() if n.tag == "div" and n.parent and n.parent.tag == "dl"
        ]
        said = ([_spaced(c) for c in one.children if isinstance(c, Node)] for one in pairs)
        return {words[0]: words[1] for words in said}

    @property
    def text(self) -> str:
        """What the page says, white space folded."""
        return text_of(self.page)

    @property
    def problem(self) -> str:
        """What the page says went wrong; "" for nothing."""
        return " ".join(
            _words(n.text()) for n in self.page.walk() if n.attributes.get("role") == "alert"
        )

    def token(self) -> str:
        """The CSRF token of any form on the page."""
        return next(
            n.attributes["value"]
            for n in self.page.walk()
            if n.attributes.get("name") == "csrf_token"
        )

    def cookie(self) -> str | None:
        """The value of the session's cookie."""
        found = self.client.get_cookie("console")
        return found.value if found else None

    def _open(self, method: str, path: str, **rest: object) -> TestResponse:
        # A browser names the page it came from; the console looks at it for the way back.
        headers = {"Referer": f"http://localhost{self.path}", **rest.pop("headers", {})}  # type: ignore[dict-item]
        answer = self.client.open(
            path,
            method=method,
            headers=headers,
            environ_overrides={"REMOTE_ADDR": self.address},
            **rest,  # type: ignore[arg-type]
        )
        self.answer = answer
        if answer.mimetype == "text/html" and not 300 <= answer.status_code < 400:
            fragment = "HX-Request" in headers and not answer.text.lstrip().startswith("<!doctype")
            (check_fragment if fragment else check_page)(answer.text)
            self.page, _ = read(answer.text)
            self.path = answer.request.full_path.rstrip("?")
        return answer


def form_around(button: Node) -> Form:
    """The form that a button sends."""
    return form_of(next(n for n in button.ancestors() if n.tag == "form"))


def form_of(node: Node) -> Form:
    """A form with the values that it holds now."""
    form = Form(node.attributes.get("action", ""), node.attributes.get("method", "get").lower())
    for one in node.walk():
        name = one.attributes.get("name", "")
        if not name or one.tag == "button":
            continue
        if one.tag == "textarea":
            form.fields[name] = one.text()
        elif one.tag == "select":
            form.fields[name] = _chosen(one)
        elif one.tag == "input" and (
            one.attributes.get("type") not in ("checkbox", "radio") or "checked" in one.attributes
        ):
            form.fields[name] = one.attributes.get("value", "")
    return form


def text_of(node: Node) -> str:
    """All text, white space folded."""
    return _words(node.text())


def _spaced(node: Node) -> str:
    """The text of a cell, its parts apart."""
    parts = [c if isinstance(c, str) else _spaced(c) for c in node.children]
    return _words(" ".join(parts))


def _chosen(select: Node) -> str:
    options = [n for n in select.walk() if n.tag == "option"]
    selected = [n for n in options if "selected" in n.attributes] or options[:1]
    return selected[0].attributes.get("value", selected[0].text()) if selected else ""


def _value_of(button: Node) -> dict[str, str]:
    name = button.attributes.get("name")
    return {name: button.attributes.get("value", "")} if name else {}


def _words(text: str) -> str:
    return " ".join(text.split())
