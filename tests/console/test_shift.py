"""A shift in a real browser over the real console, by keyboard alone: sign in, claim, decide each
way, undo. What the tests of single pages cannot see: token, session, swaps and keys together."""

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from store.hit import Hit
from tests.console.conftest import Console, only
from tests.pages import browser as real
from tests.pages.browser import check_accessible, complaints, press
from tests.world import PASSWORD

pytestmark = only("sqlite")  # the browser does not see which database it is


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for these tests."""
    with real.started() as browser:
        yield browser


@pytest.fixture
def address(console: Console) -> Iterator[str]:
    """Where the console is served."""
    server = make_server("127.0.0.1", 0, console.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def page(browser: Browser, address: str, console: Console) -> Iterator[Page]:
    """Mona, signed in by keyboard, at the queue."""
    mona = console.world.people["mona"]
    context = browser.new_context(reduced_motion="reduce")
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.goto(f"{address}/queue")
    page.get_by_label("Login").press_sequentially(mona.login)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    yield page
    context.close()


def _next(page: Page) -> None:
    press(page, "n")
    expect(page.get_by_role("heading", name="You hold this hit")).to_be_visible()


def _decided(page: Page, verdict: str) -> None:
    expect(page.get_by_role("heading", name="Decided", exact=True)).to_be_visible()
    expect(page.locator(".hit-doing .badge")).to_have_text(verdict)


def test_three_hits_are_decided_and_one_is_decided_otherwise(console: Console, page: Page) -> None:
    for distance in (0, 12, 27):
        console.world.hit(distance=distance)
    heard = complaints(page)
    page.reload()
    _next(page)
    check_accessible(page)
    press(page, "1")  # no panel is open: a number alone answers nothing
    expect(page.get_by_role("heading", name="Your decision")).to_be_visible()
    press(page, "c")
    press(page, "1")
    _decided(page, "confirmed")
    expect(page.locator("#messages")).to_contain_text("is decided")

    _next(page)
    press(page, "r")
    press(page, "n")
    page.keyboard.type("Seen before, 2 times")
    page.keyboard.press("Shift+Tab")  # out of the field, so that keys are keys again
    press(page, "1")
    _decided(page, "removed")
    expect(page.get_by_role("blockquote")).to_have_text("Seen before, 2 times")

    _next(page)
    press(page, "d")
    press(page, "1")
    _decided(page, "disputed")

    press(page, "u")
    press(page, "c")
    press(page, "1")
    expect(page.get_by_role("heading", name="Confirm H-")).to_be_focused()
    check_accessible(page)
    press(page, "y")
    _decided(page, "confirmed")
    check_accessible(page)

    press(page, "n")
    expect(page.get_by_text("Nothing is waiting")).to_be_visible()
    assert heard == []


def test_a_claim_that_was_lost_is_explained_and_the_note_comes_back_with_it(
    console: Console, page: Page
) -> None:
    hit = console.world.hit()
    page.reload()
    _next(page)
    press(page, "r", "n")
    page.keyboard.type("half a note")
    with console.world.database.write() as rows:
        rows.get_one(Hit, hit).holder_id = None
    page.get_by_role("button", name="Exact copy").click()
    expect(page.get_by_role("alert")).to_contain_text("nothing was decided")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_text("Your note is kept")).to_contain_text("half a note")
    check_accessible(page)
    press(page, "c")
    expect(page.get_by_role("textbox", name="Note")).to_have_value("half a note")
    expect(page.get_by_role("heading", name="Your decision")).to_be_focused()


def test_more_time_keeps_what_was_begun(console: Console, page: Page) -> None:
    console.world.hit()
    page.reload()
    _next(page)
    press(page, "d", "n")
    page.keyboard.type("half a note")
    with page.expect_response("**/claim"):
        page.get_by_role("button", name="More time").click()
    expect(page.get_by_role("textbox", name="Note")).to_have_value("half a note")
    expect(page.get_by_text("The content is not what the entry says.")).to_be_visible()


def test_after_the_session_ended_a_press_leads_to_sign_in_and_back(
    console: Console, page: Page
) -> None:
    hit = console.world.hit()
    page.goto(page.url.replace("/queue", f"/hits/{hit}"))
    console.redis.flushdb()
    press(page, "c")
    page.wait_for_url("**/sign-in?next=*")
    page.get_by_label("Login").fill("mona")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/hits/{hit}")


def test_filters_stand_in_the_address_and_back_goes_back(console: Console, page: Page) -> None:
    console.world.hit(distance=12)
    page.reload()
    press(page, "f")
    page.keyboard.type("no-such-thing")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    assert "q=no-such-thing" in page.url
    page.go_back()
    expect(page.get_by_role("table")).to_contain_text("12 of 256 bits differ")
