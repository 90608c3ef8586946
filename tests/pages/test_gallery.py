"""Every component, in a real browser: both themes, wide and narrow, keys, swaps and failures."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.pages.browser import check_accessible, check_dark, check_fits, complaints, press, shifts
from tests.pages.checks import check_fragment, check_page
from tests.pages.gallery import create_gallery


def test_the_components_keep_the_rules_of_pages() -> None:
    client = create_gallery().test_client()
    check_page(client.get("/").text)
    check_fragment(client.get("/part").text)


def test_a_form_with_mistakes_names_them() -> None:
    app = create_gallery()
    app.config["WTF_CSRF_ENABLED"] = False  # the token's own tests are the console's
    answer = app.test_client().post("/", data={"login": ""})
    assert answer.text.count("Write your login.") == 2  # above the form and at the field
    assert 'aria-invalid="true"' in answer.text


def test_axe_finds_nothing_in_either_theme_and_nothing_is_too_wide(
    browser: Browser, gallery: str
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    heard = complaints(page)
    page.goto(gallery)
    press(page, "?")
    expect(page.get_by_role("dialog")).to_be_visible()
    check_accessible(page)
    page.keyboard.press("Escape")
    check_accessible(page)
    check_dark(page)
    page.set_viewport_size({"width": 390, "height": 900})
    check_fits(page)
    page.evaluate("document.documentElement.dir = 'rtl'")
    check_fits(page)
    assert heard == []
    context.close()


def test_axe_would_find_a_fault(page: Page) -> None:
    page.evaluate("document.querySelector('#filter-q').labels[0].remove()")
    page.evaluate("document.querySelector('#filter-q').placeholder = ''")
    with pytest.raises(AssertionError, match="label"):
        check_accessible(page)


def test_everything_that_is_pressed_is_large_enough(page: Page) -> None:
    """WCAG 2.5.8: 24 by 24 CSS pixels, except for links inside a sentence."""
    small = page.evaluate(
        """[...document.querySelectorAll(
             'button, input:not([type=hidden]), select, summary, .btn, nav a, tbody a')]
           .filter(e => e.checkVisibility())
           .map(e => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
           .filter(([, box]) => box.width < 24 || box.height < 24).map(([html]) => html)"""
    )
    assert small == []


def test_the_first_tab_skips_to_the_content(page: Page) -> None:
    # A refusal on a page takes the focus, and the gallery shows one: begin at the top again.
    page.evaluate("document.body.tabIndex = -1; document.body.focus()")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_the_policy_lets_no_inline_script_run(page: Page) -> None:
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<b id=x onclick=\"hit=1\">x</b>')"
    )
    page.evaluate("document.getElementById('x').click()")
    assert page.evaluate("typeof hit") == "undefined"


def test_messages_are_spoken(page: Page) -> None:
    expect(page.locator("#announcer")).to_contain_text("Hit 12 was removed.")


def test_without_javascript_the_page_is_whole(browser: Browser, gallery: str) -> None:
    context = browser.new_context(java_script_enabled=False, color_scheme="dark")
    page = context.new_page()
    page.goto(gallery)
    expect(page.get_by_role("heading", name="Gallery")).to_be_visible()
    expect(page.locator("kbd").first).not_to_be_visible()
    expect(page.get_by_role("button", name="Keys")).not_to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Swapped in.")).to_be_visible()
    context.close()


def test_what_moves_without_being_asked_to_is_seen(browser: Browser, gallery: str) -> None:
    """The planted fault of what tests/e2e holds a whole shift against."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    moved = shifts(page)
    page.goto(gallery)
    page.wait_for_timeout(500)
    assert moved == []
    page.evaluate("document.querySelector('main').style.paddingBlockStart = '300px'")
    page.wait_for_timeout(500)
    assert len(moved) == 1
    context.close()
