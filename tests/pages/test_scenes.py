"""Every page in every state that has words of its own: the rules, axe in both themes, and fit."""

from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.pages.browser import check_accessible, check_dark, check_fits, complaints, press
from tests.pages.checks import check_fragment, check_page
from tests.pages.scenes import SCENES, create_scenes

FRAGMENTS = {
    "queue/_rows": [name for name in SCENES if name.startswith("queue")],
    "hits/_hit": [name for name in SCENES if name.startswith("hit-")],
    "hits/_confirm": ["confirm"],
}


@pytest.mark.parametrize("name", SCENES)
def test_every_page_keeps_the_rules(name: str) -> None:
    answer = create_scenes().test_client().get(f"/scene/{name}")
    assert answer.status_code == 200
    check_page(answer.text)


@pytest.mark.parametrize(
    ("template", "name"), [(part, name) for part, names in FRAGMENTS.items() for name in names]
)
def test_every_fragment_keeps_the_rules(template: str, name: str) -> None:
    client = create_scenes().test_client()
    answer = client.get(f"/part/{template}/{name}", headers={"HX-Request": "true"})
    check_fragment(answer.text)


@pytest.mark.parametrize("name", SCENES)
def test_every_page_is_accessible_in_both_themes_and_fits(
    browser: Browser, scenes: str, name: str
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    heard = complaints(page)
    page.goto(f"{scenes}scene/{name}")
    check_accessible(page)
    check_fits(page)
    check_dark(page)
    page.set_viewport_size({"width": 390, "height": 800})
    check_fits(page)
    page.evaluate("document.documentElement.dir = 'rtl'")
    check_fits(page)
    assert heard == []
    context.close()


@pytest.fixture
def hit(browser: Browser, scenes: str) -> Page:
    """A hit that the viewer holds."""
    context = browser.new_context()
    context.set_default_timeout(5_000)
    page = context.new_page()
    page.goto(f"{scenes}scene/hit-mine")
    return page


def _sent(request: Request) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(request.post_data or "").items()}


def test_confirm_takes_two_keys_and_a_number_alone_decides_nothing(hit: Page) -> None:
    press(hit, "1")
    expect(hit.locator(".verdict[open]")).to_have_count(0)
    press(hit, "c")
    with hit.expect_request("**/hits/12/decide") as asked:
        press(hit, "1")
    sent = _sent(asked.value)
    assert (sent["verdict"], sent["reason"], sent["lease"]) == ("confirm", "already-gone", "2")


def test_remove_takes_two_keys_of_which_the_first_says_what_happens(hit: Page) -> None:
    press(hit, "r")
    expect(hit.get_by_text("The content comes down at once")).to_be_visible()
    expect(hit.get_by_text("there is nothing for us to take down")).not_to_be_visible()
    with hit.expect_request("**/hits/12/decide") as asked:
        press(hit, "2")
    sent = _sent(asked.value)
    assert (sent["verdict"], sent["reason"], sent["sure"]) == ("remove", "match-near", "y")


def test_a_panel_s_key_pressed_again_leaves_it_open(hit: Page) -> None:
    press(hit, "c")
    press(hit, "c")
    expect(hit.get_by_text("there is nothing for us to take down")).to_be_visible()
    expect(hit.locator("summary", has_text="Confirm")).to_be_focused()


def test_dispute_takes_two_keys_and_the_registry_s_reason(hit: Page) -> None:
    press(hit, "d")
    with hit.expect_request("**/hits/12/decide") as asked:
        press(hit, "3")
    sent = _sent(asked.value)
    assert sent["verdict"] == "dispute"
    assert sent["registry_reason"] == "Wrong hash"
    assert sent["reason"] == "different-content"


def test_a_note_goes_with_the_decision_and_typing_decides_nothing(hit: Page) -> None:
    press(hit, "r")
    press(hit, "n")
    hit.keyboard.type("1 shop sign, dated")
    hit.keyboard.press("Tab")
    hit.keyboard.press("Escape")
    with hit.expect_request("**/hits/12/decide") as asked:
        hit.get_by_role("button", name="Exact copy of the listed picture").click()
    assert _sent(asked.value)["note"] == "1 shop sign, dated"


def test_what_was_typed_survives_a_refusal(browser: Browser, scenes: str) -> None:
    page = browser.new_context().new_page()
    page.goto(f"{scenes}scene/hit-refused")
    expect(page.get_by_role("alert")).to_contain_text("nothing was decided")
    expect(page.get_by_role("textbox", name="Note")).to_have_value("Half written")
    page.context.close()


def test_the_decision_is_whole_without_javascript(browser: Browser, scenes: str) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{scenes}scene/hit-mine")
    page.get_by_text("Dispute", exact=True).click()
    with page.expect_request("**/hits/12/decide") as asked:
        page.get_by_role("button", name="Not sexual").click()
    assert _sent(asked.value)["registry_reason"] == "Not sexual"
    page.context.close()


def test_reversing_is_asked_for_again(browser: Browser, scenes: str) -> None:
    page = browser.new_context().new_page()
    page.goto(f"{scenes}scene/hit-decided")
    press(page, "u")
    expect(page.get_by_text("Remove", exact=True)).not_to_be_visible()  # it stands already
    press(page, "c")
    with page.expect_request("**/hits/12/reverse") as asked:
        press(page, "1")
    sent = _sent(asked.value)
    assert sent["ordinal"] == "1"
    assert "sure" not in sent
    page.context.close()
