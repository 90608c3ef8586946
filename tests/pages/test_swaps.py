"""What happens around a swap: the token goes along, focus and messages, the session, the claim."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.pages.browser import press


def test_the_token_goes_with_every_request(page: Page) -> None:
    with page.expect_request("**/part") as sent:
        press(page, "c")
    assert sent.value.headers["x-csrftoken"]
    assert sent.value.headers["hx-request"] == "true"


def test_focus_that_was_swapped_away_goes_to_the_new_part(page: Page) -> None:
    page.evaluate("document.querySelector('#part').innerHTML = '<button id=gone>x</button>'")
    page.focus("#gone")
    page.evaluate("htmx.ajax('GET', '/part', '#part')")
    expect(page.get_by_text("Swapped in.")).to_be_visible()
    expect(page.locator("#part [data-focus]")).to_be_focused()
    expect(page.locator("#announcer")).to_have_text("The next hit is here.")


def test_focus_that_was_not_swapped_stays(page: Page) -> None:
    page.focus("#filter-q")
    page.evaluate("htmx.ajax('GET', '/part', '#part')")
    expect(page.get_by_text("Swapped in.")).to_be_visible()
    expect(page.locator("#filter-q")).to_be_focused()


@pytest.mark.parametrize("name", ["Refused", "Fails"])
def test_a_refusal_stands_where_messages_stand(page: Page, name: str) -> None:
    page.get_by_role("link", name=name).click()
    problem = page.locator("#messages .problem")
    expect(problem).to_contain_text("Ask a lead.")
    expect(problem).to_be_in_viewport()
    expect(page.locator("#part")).to_contain_text("minute")  # the target is as it was
    expect(page).to_have_title("Gallery · Takedown console")


def test_no_answer_is_said(page: Page) -> None:
    page.route("**/part", lambda route: route.abort())
    press(page, "c")
    expect(page.locator("#messages")).to_contain_text("The server did not answer")


def test_a_session_that_ended_leads_to_sign_in_and_back(page: Page) -> None:
    page.goto(page.url + "?view=mine")
    page.route("**/part", lambda route: route.fulfill(status=401))
    press(page, "c")
    page.wait_for_url(re.compile(r"/sign-in\?next=%2F%3Fview%3Dmine$"))


def test_a_second_press_while_an_answer_is_on_its_way_does_nothing(page: Page) -> None:
    asked: list[Route] = []
    page.route("**/part", lambda route: asked.append(route))
    button = page.get_by_role("button", name="Confirm")
    button.click()
    press(page, "c")
    button.click()
    page.wait_for_timeout(150)
    assert len(asked) == 1
    asked[0].continue_()
    expect(page.get_by_text("Swapped in.")).to_be_visible()


def test_a_claim_counts_minutes_and_then_says_that_it_ends(page: Page) -> None:
    lease = page.locator(".lease")
    expect(lease).to_have_text("2 minutes left")
    expect(lease).to_have_text("less than a minute left")
    expect(page.locator("#announcer")).to_have_text("Your claim on this hit ends in one minute.")


def test_a_claim_that_is_over_says_what_to_do(page: Page) -> None:
    page.evaluate(
        """const l = document.querySelector('.lease').cloneNode();
           l.dataset.until = new Date(Date.parse(l.dataset.now) + 1500).toISOString();
           document.querySelector('#part').replaceChildren(l)"""
    )
    expect(page.locator(".lease")).to_have_text("claim ended")
    expect(page.locator("#announcer")).to_contain_text("Claim it again before you decide.")


def test_the_chart_is_drawn_in_the_page_s_colours(page: Page) -> None:
    drawn = page.evaluate("Chart.getChart(document.querySelector('canvas')).data.datasets")
    assert [one["data"] for one in drawn] == [[3, 5], [1, 0]]
    assert len({one["backgroundColor"] for one in drawn}) == 2
