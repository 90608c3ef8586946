"""A shift in a real browser over the real console, by keyboard alone: sign in, decide each way one
after the other, undo. What tests of single pages cannot see: token, session, swaps and keys."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select
from werkzeug.serving import make_server

from store.hit import Decision, Hit
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


def _is_at(page: Page, hit: int) -> None:
    page.wait_for_url(f"**/hits/{hit}?work=1")
    expect(page.get_by_role("heading", name="You hold this hit")).to_be_visible()


def _decided(page: Page, verdict: str) -> None:
    expect(page.get_by_role("heading", name="Decided", exact=True)).to_be_visible()
    expect(page.locator(".hit-doing .badge").first).to_have_text(verdict)


def test_a_shift_by_keyboard_alone(console: Console, page: Page) -> None:
    """One key to confirm, two to remove and to dispute, one to undo, two to pass over."""
    hits = [console.world.hit(distance=distance) for distance in (0, 12, 20, 27)]
    heard = complaints(page)
    page.reload()
    press(page, "n")
    _is_at(page, hits[0])
    check_accessible(page)
    press(page, "1")  # no panel is open: a number alone answers nothing
    press(page, "c")
    _is_at(page, hits[1])
    expect(page.locator("#messages")).to_contain_text(f"H-{hits[0]} is decided")

    press(page, "r", "n")
    page.keyboard.type("Seen before, 2 times")
    page.keyboard.press("Shift+Tab")  # out of the field, so that keys are keys again
    press(page, "1")
    _is_at(page, hits[2])

    press(page, "d", "1")
    _is_at(page, hits[3])
    press(page, "u")
    _is_at(page, hits[2])
    expect(page.locator("#messages")).to_contain_text("is taken back")
    check_accessible(page)
    press(page, "c")
    _is_at(page, hits[3])

    press(page, "s", "2")
    page.wait_for_url("**/queue")
    expect(page.get_by_text("Nothing more is waiting that nobody holds")).to_be_visible()
    check_accessible(page)
    press(page, "u")
    _is_undone(page, hits[2])
    press(page, "o", "2")
    _decided(page, "confirmed")
    expect(page.locator(".decisions")).to_contain_text("Being handled by another team")
    assert heard == []
    with console.world.database.read() as rows:
        made = rows.scalars(select(Decision).order_by(Decision.id)).all()
    said = [(one.hit_id, one.verdict, one.note) for one in made]
    assert said == [
        (hits[0], "confirm", ""),
        (hits[1], "remove", "Seen before, 2 times"),
        (hits[2], "dispute", ""),
        (hits[2], "confirm", ""),
        (hits[2], "confirm", ""),
    ]


def _is_undone(page: Page, hit: int) -> None:
    page.wait_for_url(f"**/hits/{hit}")
    expect(page.get_by_role("heading", name="You hold this hit")).to_be_visible()


def test_of_open_panels_there_is_one_so_that_a_number_has_one_meaning(
    console: Console, page: Page
) -> None:
    hit = console.world.hit()
    page.reload()
    _next(page)
    press(page, "s", "r")
    expect(page.get_by_text("you are not offered it again today")).not_to_be_visible()
    press(page, "1")
    page.wait_for_url("**/queue")
    with console.world.database.read() as rows:
        assert rows.get_one(Hit, hit).verdict == "remove"


def test_what_the_registry_heard_is_decided_otherwise_and_asked_for_again(
    console: Console, page: Page
) -> None:
    hit = console.world.hit()
    console.world.decide(hit, "remove")
    with time_machine.travel(console.world.now + timedelta(minutes=11), tick=True):
        page.goto(page.url.replace("/queue", f"/hits/{hit}"))
        press(page, "u", "c", "1")
        expect(page.get_by_role("heading", name="Confirm H-")).to_be_focused()
        check_accessible(page)
        press(page, "b")
        _decided(page, "removed")
        press(page, "u", "d", "1")
        expect(page.get_by_role("heading", name="Dispute H-")).to_be_focused()
        press(page, "y")
        _decided(page, "disputed")
        check_accessible(page)


def test_a_decision_is_undone_in_its_place(console: Console, page: Page) -> None:
    hit = console.world.hit()
    page.goto(page.url.replace("/queue", f"/hits/{hit}"))
    press(page, "c")
    expect(page.get_by_role("heading", name="Your decision")).to_be_focused()
    press(page, "c")
    _decided(page, "confirmed")
    press(page, "u")
    expect(page.get_by_role("heading", name="You hold this hit")).to_be_visible()
    expect(page.locator("#messages")).to_contain_text("is taken back")
    expect(page.get_by_role("heading", name="Your decision")).to_be_focused()


def test_a_hit_is_handed_over_and_up_by_keyboard(console: Console, page: Page) -> None:
    milan = console.world.people["milan"]
    first, second = (console.world.hit(distance=distance) for distance in (0, 12))
    page.reload()
    press(page, "n")
    _is_at(page, first)
    press(page, "h")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    _is_at(page, second)
    press(page, "l")
    page.keyboard.press("Tab")
    page.keyboard.type("Look at the uploader")
    page.keyboard.press("Enter")
    page.wait_for_url("**/queue")
    with console.world.database.read() as rows:
        assert rows.get_one(Hit, first).holder_id == milan.id
        assert rows.get_one(Hit, second).escalated_reason == "Look at the uploader"


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
    page.get_by_label("What is it?").select_option("Too plain to tell one picture from another")
    with page.expect_response("**/claim*"):
        page.get_by_role("button", name="More time").click()
    expect(page.get_by_role("textbox", name="Note")).to_have_value("half a note")
    expect(page.get_by_text("It stays or is put back")).to_be_visible()
    expect(page.get_by_label("What is it?")).to_have_value("plain-content")


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
