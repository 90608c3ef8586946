"""What colleagues do shows within seconds, and takes nothing from whoever is at work."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

PLACE = """document.querySelector('#part').innerHTML =
  '<div data-live="/live"></div><p id="held" data-live-part>nobody</p>' +
  '<p id="linked" data-live-part><a id="inside" href="/part">nobody</a></p>' +
  '<textarea id="half" aria-label="Note"></textarea>'"""
CHANGED = (
    '<p id="held" data-live-part data-announce="Lena has taken this hit.">Lena</p>'
    '<p id="linked" data-live-part><a id="inside" href="/part">Lena</a></p>'
)


class Server:
    """Answers what the page asks, and keeps what it was asked."""

    def __init__(self) -> None:
        self.status, self.body = 200, CHANGED
        self.asked: list[dict[str, str]] = []

    def __call__(self, route: Route) -> None:
        self.asked.append(route.request.headers)
        if route.request.headers.get("if-none-match") == '"1"':
            route.fulfill(status=304)
        else:
            headers = {"ETag": '"1"', "Content-Type": "text/html"}
            route.fulfill(status=self.status, headers=headers, body=self.body)


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def live(browser: Browser, gallery: str, server: Server) -> Iterator[Page]:
    """A page with something live on it, whose clock is ours."""
    context = browser.new_context()
    context.set_default_timeout(5_000)
    page = context.new_page()
    page.clock.install()
    page.route("**/live", server)
    page.goto(gallery)
    page.evaluate(PLACE)
    yield page
    context.close()


def _later(page: Page) -> None:
    """Let the time of one round pass, and what was asked be answered."""
    page.clock.run_for(5_100)
    page.wait_for_timeout(150)


def test_a_change_shows_within_seconds_and_is_said(live: Page, server: Server) -> None:
    expect(live.locator("#held")).to_have_text("nobody")
    _later(live)
    expect(live.locator("#held")).to_have_text("Lena")
    live.clock.run_for(200)
    expect(live.locator("#announcer")).to_have_text("Lena has taken this hit.")
    assert server.asked[0]["hx-request"] == "true"


def test_what_is_known_is_asked_for_by_its_tag(live: Page, server: Server) -> None:
    for _ in range(3):
        _later(live)
    assert [one.get("if-none-match") for one in server.asked] == [None, '"1"', '"1"']
    expect(live.locator("#held")).to_have_text("Lena")


def test_a_note_half_written_and_its_place_stay(live: Page) -> None:
    live.locator("#half").fill("Half writ")
    live.locator("#half").evaluate("note => note.setSelectionRange(4, 4)")
    _later(live)
    expect(live.locator("#held")).to_have_text("Lena")
    live.keyboard.type("X")
    expect(live.locator("#half")).to_have_value("HalfX writ")
    expect(live.locator("#half")).to_be_focused()


def test_what_has_the_focus_is_exchanged_once_it_has_not(live: Page) -> None:
    live.locator("#inside").focus()
    _later(live)
    expect(live.locator("#inside")).to_have_text("nobody")
    expect(live.locator("#inside")).to_be_focused()
    live.locator("#half").focus()
    _later(live)
    expect(live.locator("#inside")).to_have_text("Lena")


def test_keys_do_not_wait_for_it(live: Page) -> None:
    live.clock.run_for(1_000)
    expect(live.locator("html[data-keys='on']")).to_be_attached()
    _later(live)
    expect(live.locator("#held")).to_have_text("Lena")
    expect(live.locator("html[data-keys='on']")).to_be_attached()


def test_after_the_session_nobody_is_asked_and_nothing_is_lost(live: Page, server: Server) -> None:
    server.status, server.body = 401, "Your session has ended."
    live.locator("#half").fill("Half written")
    for _ in range(3):
        _later(live)
    assert len(server.asked) == 1
    expect(live.locator("#half")).to_have_value("Half written")


def test_a_server_that_does_not_answer_is_asked_again(live: Page, server: Server) -> None:
    live.unroute("**/live")
    live.route("**/live", lambda route: route.abort())
    _later(live)
    live.unroute("**/live")
    live.route("**/live", server)
    _later(live)
    expect(live.locator("#held")).to_have_text("Lena")
