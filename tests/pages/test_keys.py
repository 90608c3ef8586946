"""One key a decision: shown, listed, changed, switched off, and never in the way of typing."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.pages.browser import press


@pytest.fixture
def opened(page: Page) -> Page:
    press(page, "?")
    expect(page.get_by_role("dialog")).to_be_visible()
    return page


def test_a_key_presses_its_button(page: Page) -> None:
    press(page, "c")
    expect(page.get_by_text("Swapped in.")).to_be_visible()


def test_a_capital_by_caps_lock_counts_and_one_by_shift_does_not(page: Page) -> None:
    page.keyboard.press("Shift+C")
    expect(page.get_by_text("Swapped in.")).not_to_be_attached()
    page.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown',"
        " {key: 'C', code: 'KeyC', bubbles: true}))"
    )
    expect(page.get_by_text("Swapped in.")).to_be_visible()


def test_a_keyboard_of_another_script_answers_by_place(page: Page) -> None:
    page.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown',"
        " {key: 'ב', code: 'KeyC', bubbles: true}))"
    )
    expect(page.get_by_text("Swapped in.")).to_be_visible()


@pytest.mark.parametrize("key", ["Control+c", "Alt+c", "Meta+c"])
def test_a_key_with_a_modifier_is_the_browser_s(page: Page, key: str) -> None:
    page.keyboard.press(key)
    page.wait_for_timeout(150)
    expect(page.get_by_text("Swapped in.")).not_to_be_attached()


def test_a_key_that_is_held_down_presses_once(page: Page) -> None:
    page.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown',"
        " {key: 'c', code: 'KeyC', bubbles: true, repeat: true}))"
    )
    page.wait_for_timeout(150)
    expect(page.get_by_text("Swapped in.")).not_to_be_attached()


def test_keys_rest_after_a_change_and_one_pressed_then_begins_the_rest_anew(page: Page) -> None:
    """Else of two keys pressed in one go the first could go unheard and the second decide."""
    pressed = """(wait) => new Promise(done => setTimeout(() => {
        document.body.dispatchEvent(
            new KeyboardEvent('keydown', {key: 'c', code: 'KeyC', bubbles: true}));
        done();
    }, wait))"""
    page.evaluate("document.body.dispatchEvent(new Event('htmx:afterSettle', {bubbles: true}))")
    page.evaluate(pressed, 250)
    page.evaluate(pressed, 250)  # half a second after the change, a quarter after the first key
    expect(page.get_by_text("Swapped in.")).not_to_be_attached()
    press(page, "c")
    expect(page.get_by_text("Swapped in.")).to_be_visible()


def test_typing_is_typing(page: Page) -> None:
    press(page, "f")
    field = page.get_by_role("searchbox", name="Search")
    expect(field).to_be_focused()
    page.keyboard.type("cr?")
    expect(field).to_have_value("cr?")
    expect(page.get_by_role("dialog")).not_to_be_visible()
    expect(page.get_by_text("Swapped in.")).not_to_be_attached()


def test_the_list_names_every_key_of_the_page(opened: Page) -> None:
    dialog = opened.get_by_role("dialog")
    for name, key in [("Next hit", "N"), ("Confirm", "C"), ("Remove", "R"), ("Search", "F")]:
        expect(dialog.get_by_label(name, exact=True)).to_have_value(key)
    opened.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()


def test_a_key_is_changed_and_stays_changed(opened: Page) -> None:
    opened.get_by_role("dialog").get_by_label("Confirm", exact=True).fill("k")
    opened.keyboard.press("Tab")
    expect(opened.get_by_role("dialog")).to_contain_text("It holds wherever you sign in.")
    opened.reload()
    button = opened.get_by_role("button", name="Confirm")
    expect(button).to_have_attribute("aria-keyshortcuts", "k")
    expect(button.locator("kbd")).to_have_text("K")
    press(opened, "k")
    expect(opened.get_by_text("Swapped in.")).to_be_visible()


@pytest.mark.parametrize(
    ("key", "told"), [("r", "taken: Remove"), (" ", "without a space"), ("z", "Z cannot be both.")]
)
def test_a_key_that_cannot_be_is_refused_with_the_reason(opened: Page, key: str, told: str) -> None:
    field = opened.get_by_role("dialog").get_by_label("Confirm", exact=True)
    field.fill(key)
    opened.keyboard.press("Tab")
    expect(opened.get_by_role("dialog")).to_contain_text(told)
    expect(field).to_have_value("C")


def test_keys_are_switched_off_and_on_again(opened: Page) -> None:
    opened.get_by_label("Use single keys").uncheck()
    opened.get_by_role("button", name="Close").click()
    expect(opened.locator("kbd").first).not_to_be_visible()
    opened.keyboard.press("c")
    opened.wait_for_timeout(150)
    expect(opened.get_by_text("Swapped in.")).not_to_be_attached()
    opened.get_by_role("button", name="Keys").click()
    opened.get_by_role("button", name="Back to the first keys").click()
    press(opened, "c")
    expect(opened.get_by_text("Swapped in.")).to_be_visible()


def test_a_change_that_does_not_arrive_is_said_and_not_kept(opened: Page) -> None:
    opened.route("**/me/keys", lambda route: route.abort())
    field = opened.get_by_role("dialog").get_by_label("Confirm", exact=True)
    field.fill("k")
    opened.keyboard.press("Tab")
    expect(opened.get_by_role("dialog")).to_contain_text("It could not be kept.")
    expect(field).to_have_value("C")


def test_keys_that_are_switched_off_stay_off(opened: Page) -> None:
    with opened.expect_response("**/me/keys"):
        opened.get_by_label("Use single keys").uncheck()
    opened.reload()
    opened.keyboard.press("c")
    opened.wait_for_timeout(150)
    expect(opened.get_by_text("Swapped in.")).not_to_be_attached()


def test_damaged_preferences_are_passed_over(page: Page) -> None:
    def damage(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(
            response=answer, body=re.sub(r'content="{[^"]*off[^"]*"', 'content="{o"', answer.text())
        )

    page.route("**/", damage)
    page.reload()
    assert page.locator("meta[name='keys']").get_attribute("content") == "{o"
    press(page, "c")
    expect(page.get_by_text("Swapped in.")).to_be_visible()
