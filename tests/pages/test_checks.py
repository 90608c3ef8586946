"""Each rule's twin: a good page passes, the same page with one planted fault is refused."""

import re

import pytest

from tests.pages.checks import check_fragment, check_page

GOOD = """<!doctype html>
<html lang="en" dir="ltr">
<head>
<title>Queue · Takedown console</title>
<link rel="stylesheet" href="/static/console.css">
<script type="module" src="/static/console.js"></script>
</head>
<body>
<a href="#main">Skip to content</a>
<main id="main">
<h1>Queue</h1>
<h2>Open</h2>
<p id="hint">Sorted by <b>due time</b>.</p>
<form method="post" action="/next">
<input type="hidden" name="csrf_token" value="abc.def">
<label for="note">Note</label>
<input id="note" name="note" aria-describedby="hint">
<button data-key="n" data-action="queue.next">Next</button>
</form>
<ul><li><a href="/hits/1">Hit 1</a></li></ul>
<svg role="img" viewBox="0 0 1 1"><title>Nothing differs</title><path d="M0 0h1"/></svg>
<code data-opaque="digest">0123456789abcdef0123456789abcdef</code>
</main>
</body>
</html>
"""

FAULTS = [
    ("<!doctype html>\n", "", "doctype"),
    ('lang="en" ', "", "lang"),
    (' dir="ltr"', "", "say dir"),
    ("Queue · Takedown console", "Console", "write 'Page"),
    ("<h1>Queue</h1>", "", "0 <h1>"),
    ("<h2>Open</h2>", "<h1>Open</h1>", "2 <h1>"),
    ("<h2>Open</h2>", "<h3>Open</h3>", "skips a level"),
    ('href="#main"', 'href="/"', "skip to <main"),
    ('id="hint"', 'id="note"', "stands 2 times"),
    ('id="hint"', 'id="other"', "nothing has that id"),
    ('<label for="note">Note</label>', "", "no label"),
    ("<button ", '<button tabindex="2" ', "positive tabindex"),
    (">Next</button>", '><span aria-hidden="true">N</span></button>', "no name"),
    (">Hit 1</a>", "></a>", "no name"),
    ("<title>Nothing differs</title>", "", "without a <title>"),
    ("/hits/1", "#", "goes nowhere"),
    ("/hits/1", "javascript:alert(1)", "script or data"),
    ("/hits/1", " JAVASCRIPT:alert(1)", "script or data"),
    ('href="/hits/1"', 'href="/hits/1" target="_blank"', "noopener"),
    ("<h2>", '<h2 style="color: red">', "style attribute"),
    ("</head>", "<style>p { color: red }</style></head>", "styles stand in"),
    ("</head>", "<script>alert(1)</script></head>", "scripts stand in"),
    ("<button ", '<button onclick="go()" ', "onclick"),
    ("<button ", '<button hx-on:click="go()" ', "hx-on:click"),
    ("<button ", '<button hx-vals="js:{a: 1}" ', "as a script"),
    ("/static/console.css", "https://cdn.example/console.css", "vendor it"),
    ("</head>", '<base href="/"></head>', "moves the page"),
    ("</head>", '<meta http-equiv="Refresh" content="5"></head>', "moves the page"),
    ("</main>", '<img src="/media/1.jpg" alt="It"></main>', "vendor it"),
    ("</main>", '<img src="data:image/png;base64,AA" alt="It"></main>', "script or data"),
    ("</main>", '<img src="/static/mark.svg"></main>', "no alt"),
    ("</main>", "<video></video></main>", "shows media"),
    ('<path d="M0 0h1"/>', '<image href="/static/a.png"/>', "shows media"),
    (' data-opaque="digest"', "", "fingerprint is never shown"),
    ("/hits/1", "/hits/0123456789ABCDEF0123456789abcdef01234567", "fingerprint is never shown"),
    ('<input type="hidden" name="csrf_token" value="abc.def">', "", "without csrf_token"),
    ("abc.def", "", "without csrf_token"),
    ('method="post"', 'method="get"', "into the address"),
    ('id="note"', 'id="note" type="password"', "autocomplete"),
    ('method="post" action="/next"', 'hx-post="/next"', "only with JavaScript"),
    ("<b>due time</b>", "<b>due time", "closes nothing"),
    ("</main>", "</section></main>", "closes nothing"),
    ("</body>\n</html>", "", "never closed"),
    ("<b>due time</b>", "<div>due time</div>", "inside a paragraph"),
    ("<b>due time</b>", "<b/>", "does not close itself"),
    ("<li><a", "<a", "may not stand directly"),
    ("<h2>Open</h2>", "<li>Open</li>", "it belongs in"),
    ("Hit 1", "<button>Hit 1</button>", "link or button"),
    ("<label ", '<form action="/"></form><label ', "another form"),
    ('name="note"', 'name="note" name="other"', "twice"),
    ('data-key="n"', 'data-key="N"', "one lower-case"),
    (' data-action="queue.next"', "", "could not be remapped"),
    ("<a href", '<a data-key="n" data-action="hit.open" href', "only the first would answer"),
    ("<button ", '<button accesskey="n" ', "cannot be switched off"),
    ("<h2>Open</h2>", '<dialog><h2 id="k">Keys</h2></dialog>', "aria-labelledby its heading"),
]


def test_a_good_page_passes() -> None:
    check_page(GOOD)


@pytest.mark.parametrize(("good", "fault", "message"), FAULTS)
def test_a_planted_fault_is_refused(good: str, fault: str, message: str) -> None:
    planted = GOOD.replace(good, fault)
    assert planted != GOOD, "the fault was not planted: the good page has changed"
    with pytest.raises(AssertionError, match=re.escape(message)):
        check_page(planted)


def test_panels_of_which_one_is_open_may_share_a_key() -> None:
    panel = (
        '<details name="{}"><summary>S</summary>'
        '<button data-key="1" data-action="a">One</button></details>'
    )
    check_fragment(panel.format("verdict") * 2)
    with pytest.raises(AssertionError, match="only the first would answer"):
        check_fragment(panel.format("one") + panel.format("other"))


def test_a_fragment_needs_no_page_around_it() -> None:
    check_fragment('<ul id="rows"><li><a href="/hits/1">Hit 1</a></li></ul>')


def test_rows_alone_are_a_fragment_too() -> None:
    check_fragment("<tr><td>1</td></tr>")


@pytest.mark.parametrize(
    ("fragment", "message"),
    [
        (GOOD, "holds a whole page"),
        ('<p style="color: red">Hit</p>', "style attribute"),
        ('<form method="post" action="/hits/1"></form>', "without csrf_token"),
    ],
)
def test_a_fragment_s_faults_are_refused(fragment: str, message: str) -> None:
    with pytest.raises(AssertionError, match=re.escape(message)):
        check_fragment(fragment)


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(AssertionError, match=r"2 faults(.|\n)*no label(.|\n)*style attribute"):
        check_fragment('<input name="a"><p style="x">Hit</p>')
