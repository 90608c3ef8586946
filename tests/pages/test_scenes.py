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
    "hits/_confirm": ["confirm", "confirm-reversal"],
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


def test_confirm_takes_one_key_and_a_number_alone_decides_nothing(hit: Page) -> None:
    press(hit, "1")
    expect(hit.locator(".verdict[open]")).to_have_count(0)
    with hit.expect_request("**/hits/12/decide") as asked:
        press(hit, "c")
    sent = _sent(asked.value)
    assert (sent["choice"], sent["lease"]) == ("confirm:already-gone", "2")


def test_confirming_for_another_reason_takes_two(hit: Page) -> None:
    press(hit, "o")
    with hit.expect_request("**/hits/12/decide") as asked:
        press(hit, "1")
    assert _sent(asked.value)["choice"] == "confirm:legal-hold"


def test_remove_takes_two_keys_of_which_the_first_says_what_happens(hit: Page) -> None:
    press(hit, "r")
    expect(hit.get_by_text("The content comes down at once")).to_be_visible()
    expect(hit.get_by_text("It stays or is put back")).not_to_be_visible()
    with hit.expect_request("**/hits/12/decide") as asked:
        press(hit, "2")
    sent = _sent(asked.value)
    assert (sent["choice"], sent["sure"]) == ("remove:match-near", "y")


def test_a_panel_s_key_pressed_again_leaves_it_open(hit: Page) -> None:
    press(hit, "r")
    press(hit, "r")
    expect(hit.get_by_text("The content comes down at once")).to_be_visible()
    expect(hit.locator("summary", has_text="Remove")).to_be_focused()


def test_dispute_takes_two_keys_and_the_registry_s_reason(hit: Page) -> None:
    press(hit, "d")
    with hit.expect_request("**/hits/12/decide") as asked:
        press(hit, "3")
    sent = _sent(asked.value)
    assert (sent["choice"], sent["reason"]) == ("dispute:Wrong hash", "different-content")


def test_a_note_goes_with_the_decision_and_typing_decides_nothing(hit: Page) -> None:
    press(hit, "r")
    press(hit, "n")
    hit.keyboard.type("1 shop sign, dated")
    hit.keyboard.press("Tab")
    hit.keyboard.press("Escape")
    with hit.expect_request("**/hits/12/decide") as asked:
        hit.get_by_role("button", name="Exact copy of the listed picture").click()
    assert _sent(asked.value)["note"] == "1 shop sign, dated"


@pytest.mark.parametrize(
    ("keys", "address", "sent"),
    [
        ("s1", "skip", {"reason": "not-now"}),
        ("m", "claim", {}),
        ("b", "release", {}),
    ],
)
def test_other_steps_have_their_keys(
    hit: Page, keys: str, address: str, sent: dict[str, str]
) -> None:
    with hit.expect_request(f"**/hits/12/{address}") as asked:
        press(hit, *keys)
    assert sent.items() <= _sent(asked.value).items()


def test_a_number_answers_to_the_panel_that_was_opened_last(hit: Page) -> None:
    press(hit, "s")
    press(hit, "r")
    with hit.expect_request("**/hits/12/*") as asked:
        press(hit, "1")
    assert _sent(asked.value)["choice"] == "remove:match-exact"


UNDONE = {"hit-undoable": ("12", "2"), "hit-work": ("11", "1")}


@pytest.mark.parametrize("name", UNDONE)
def test_one_key_undoes(browser: Browser, scenes: str, name: str) -> None:
    number, ordinal = UNDONE[name]
    page = browser.new_context().new_page()
    page.goto(f"{scenes}scene/{name}")
    with page.expect_request(f"**/hits/{number}/undo*") as asked:
        press(page, "u")
    assert _sent(asked.value)["ordinal"] == ordinal
    page.context.close()


@pytest.mark.parametrize(
    ("name", "key", "address", "choice"),
    [
        ("hit-review", "a", "agree", ""),
        ("hit-unsupported", "p", "reverse", "dispute:entry-withdrawn"),
    ],
)
def test_looking_again_takes_one_key(
    browser: Browser, scenes: str, name: str, key: str, address: str, choice: str
) -> None:
    page = browser.new_context().new_page()
    page.goto(f"{scenes}scene/{name}")
    with page.expect_request(f"**/hits/12/{address}") as asked:
        press(page, key)
    assert _sent(asked.value).get("choice", "") == choice
    page.context.close()


def test_what_was_typed_survives_a_refusal(browser: Browser, scenes: str) -> None:
    page = browser.new_context().new_page()
    page.goto(f"{scenes}scene/hit-refused")
    expect(page.get_by_role("alert")).to_contain_text("nothing was decided")
    expect(page.get_by_role("textbox", name="Note")).to_have_value("Half written")
    page.context.close()


def test_the_decision_is_whole_without_javascript(browser: Browser, scenes: str) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{scenes}scene/hit-mine")
    page.locator("summary", has_text="Dispute").click()
    with page.expect_request("**/hits/12/decide") as asked:
        page.get_by_role("button", name="Not sexual").click()
    assert _sent(asked.value)["choice"] == "dispute:Not sexual"
    page.context.close()


def test_reversing_is_asked_for_again(browser: Browser, scenes: str) -> None:
    page = browser.new_context().new_page()
    page.goto(f"{scenes}scene/hit-decided")
    press(page, "u")
    expect(page.locator("summary", has_text="Remove")).to_have_count(0)  # it stands already
    press(page, "c")
    with page.expect_request("**/hits/12/reverse") as asked:
        press(page, "1")
    sent = _sent(asked.value)
    assert sent["ordinal"] == "1"
    assert "sure" not in sent
    page.context.close()
