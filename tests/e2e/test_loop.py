"""A list in, decisions out, votes at the registry and actions at the platform: by keyboard."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import select

from commands.audit import audit
from store.database import Database
from store.delivery import Delivery
from tests.e2e.installation import Installation, await_true, installed, leftovers
from tests.pages import browser as real
from tests.pages.browser import check_accessible, check_dark, check_fits, complaints, press, shifts

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def _sign_in(browser: Browser, here: Installation, login: str) -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.goto(here.console)
    page.get_by_label("Login").press_sequentially(login)
    page.keyboard.press("Tab")
    page.keyboard.type(here.passwords[login])
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "sign-in" not in address)
    return page


def _is_at_a_hit(page: Page, but: str = "") -> str:
    """Wait for the next hit to work on; its address."""
    page.wait_for_url(lambda address: "?work=1" in address and address != but)
    expect(page.get_by_role("heading", name="You hold this hit")).to_be_visible()
    return page.url


def _step(page: Page, *keys: str, typed: str = "") -> str:
    """Press keys on a hit, after which there is another one to work on; the other one's address."""
    here = page.url
    press(page, *keys)
    if typed:
        page.keyboard.press("Tab")
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
    return _is_at_a_hit(page, but=here)


def _fits(page: Page) -> None:
    """Axe finds nothing, light and dark, and the page is not wider than its window."""
    page.emulate_media(color_scheme="light")
    check_accessible(page)
    check_fits(page)
    check_dark(page)


def test_the_whole_loop(url: str | None, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with real.started() as browser, installed(folder, url) as here:
        mona = _sign_in(browser, here, "mona")
        heard, moved = complaints(mona), shifts(mona)
        expect(mona.get_by_role("heading", name="Queue")).to_be_visible()
        removed, disputed = _a_shift_by_keyboard_alone(mona)
        assert heard == []
        assert moved == []
        _a_second_person_agrees(browser, here, disputed)
        _a_lead_stops_a_clock(browser, here, mona)
        _what_was_given_up_is_sent_again(browser, here, mona)

        decided = _votes_decided(url, folder)
        assert set(decided.values()) == {"affirmative", "negative"}
        await_true("every vote, as decided", lambda: _told(here) == decided)
        await_true("every action", lambda: _done(here) == _asked(url, folder))
        actions = {one["action"] for one in here.actions()}
        assert actions >= {"remove", "refuse-fingerprint", "release"}
        reasons = [why for votes in here.votes().values() for vote, why in votes if why]
        assert reasons, "the dispute carries one of the registry's own reasons"

        if url is None:  # a page looks the same on every database
            _every_page_is_fit(browser, here, removed)
        _the_log_can_be_checked(browser, here, tmp_path)
        before = here.votes()
        assert here.stop() == 0
    await_true("the end of every process", lambda: leftovers(folder) == [], 30)

    with real.started() as browser, installed(folder, url) as again:
        page = _sign_in(browser, again, "mona")
        page.goto(f"{again.console}/queue?view=decided")
        expect(page.locator("tbody tr")).to_have_count(6)
        assert again.votes() == before
        assert _done(again) == _asked(url, folder)
        assert again.stop() == 0


def _a_shift_by_keyboard_alone(mona: Page) -> tuple[str, str]:
    """One hit after the other, each way there is; one that was removed, one that was disputed."""
    press(mona, "n")
    _is_at_a_hit(mona)
    _fits(mona)
    _step(mona, "c")
    removed = mona.url
    _step(mona, "r", "1")
    undone = mona.url
    _step(mona, "r", "1")
    _step(mona, "u")  # at once, while the registry has not heard of it
    assert mona.url == undone
    expect(mona.locator("#messages")).to_contain_text("is taken back")
    _fits(mona)
    disputed = _step(mona, "c")
    _step(mona, "d", "1")
    _step(mona, "s", "1")
    _step(mona, "l", typed="Look at the uploader")
    here = mona.url
    press(mona, "h")
    mona.keyboard.press("Tab")
    mona.keyboard.press("Tab")
    mona.keyboard.press("Enter")
    _is_at_a_hit(mona, but=here)
    press(mona, "r")
    expect(mona.get_by_text("The content comes down at once")).to_be_in_viewport()
    _fits(mona)
    press(mona, "o")
    _step(mona, "1")
    return removed.partition("?")[0], disputed.partition("?")[0]


def _a_second_person_agrees(browser: Browser, here: Installation, disputed: str) -> None:
    """A dispute of what others confirmed is proposed, and decided when another says the same."""
    milan = _sign_in(browser, here, "milan")
    milan.goto(disputed)
    expect(milan.get_by_role("heading", name="Proposed")).to_be_visible()
    press(milan, "c")
    expect(milan.get_by_role("heading", name="You hold this hit")).to_be_visible()
    check_accessible(milan)
    press(milan, "d", "1")
    expect(milan.get_by_role("heading", name="Decided", exact=True)).to_be_visible()
    milan.context.close()


def _a_lead_stops_a_clock(browser: Browser, here: Installation, mona: Page) -> None:
    """It is taken from whoever works on it, who is told, and goes on when the lead says so."""
    lena = _sign_in(browser, here, "lena")
    lena.goto(mona.url.partition("?")[0])
    expect(lena.get_by_role("heading", name="Mona Berg holds this hit")).to_be_visible()
    expect(lena.get_by_role("heading", name="Your decision")).to_have_count(0)
    press(lena, "k")
    lena.keyboard.press("Tab")
    lena.keyboard.type("The police asked us to wait")
    lena.keyboard.press("Enter")
    expect(lena.get_by_text("the clock stands still")).to_be_visible()
    check_accessible(lena)
    press(mona, "c")
    expect(mona.get_by_role("alert")).to_contain_text("nothing was decided")
    expect(mona.get_by_role("alert")).to_be_focused()
    check_accessible(mona)
    press(lena, "k")
    expect(lena.get_by_text("the clock stands still")).to_have_count(0)
    lena.context.close()


def _what_was_given_up_is_sent_again(browser: Browser, here: Installation, mona: Page) -> None:
    """The platform fails while it is told of a removal; a lead sees it and has it sent again."""
    mona.goto(f"{here.console}/queue")
    press(mona, "n")
    _is_at_a_hit(mona)
    with here.platform_fails():
        _step(mona, "r", "1")
        lena = _sign_in(browser, here, "lena")
        lena.goto(f"{here.console}/deliveries?stage=given-up")
        again = lena.get_by_role("button", name="Send again")
        await_true("what the platform did not take", lambda: _reloaded(lena, again).count() == 2)
    expect(lena.get_by_role("link", name="Deliveries 2 given up")).to_be_visible()
    check_accessible(lena)
    for left in (1, 0):
        again.first.press("Enter")
        expect(lena.locator("#messages")).to_contain_text("is being sent again")
        expect(again).to_have_count(left)
    lena.context.close()


def _reloaded(page: Page, there: Locator) -> Locator:
    page.reload()
    return there


def _votes_decided(url: str | None, folder: Path) -> dict[tuple[str, str], str]:
    """What the decisions say to the registry: (entry, algorithm) to vote, the last one counts."""
    rows = [row for row in _planned(url, folder) if row.source_id is not None]
    return {(row.body["entry_id"], row.body["algorithm"]): row.action for row in rows}


def _asked(url: str | None, folder: Path) -> set[str]:
    """What the platform is asked, by idempotency key."""
    rows = _planned(url, folder)
    return {row.idempotency_key for row in rows if row.destination == "platform"}


def _planned(url: str | None, folder: Path) -> list[Delivery]:
    """Every delivery that was not cancelled, in order."""
    database = Database(url or f"sqlite:///{folder / 'console.sqlite'}")
    query = select(Delivery).where(Delivery.state != "cancelled").order_by(Delivery.id)
    with database.read() as session:
        rows = list(session.scalars(query))
    database.close()
    return rows


def _done(here: Installation) -> set[str]:
    """What arrived at the platform, by idempotency key."""
    return {one["idempotency_key"] for one in here.actions()}


def _told(here: Installation) -> dict[tuple[str, str], str]:
    """What the registry holds of us, as another member reads it."""
    return {key: str(vote) for key, votes in here.votes().items() for vote, _ in votes}


def _every_page_is_fit(browser: Browser, here: Installation, hit: str) -> None:
    """Axe finds nothing, light and dark, and nothing is wider than its window, wide and narrow."""
    pages = {
        "lena": [
            *("/queue", "/figures", "/audit", "/deliveries", "/deliveries/1", "/entries"),
            *("/sources", "/sources/1", "/team", "/me", hit.removeprefix(here.console)),
        ],
        "ada": ["/people"],
    }
    for login, paths in pages.items():
        page = _sign_in(browser, here, login)
        heard = complaints(page)
        for path in paths:
            page.set_viewport_size({"width": 1280, "height": 900})
            page.goto(f"{here.console}{path}")
            _fits(page)
            page.set_viewport_size({"width": 390, "height": 800})
            check_fits(page)
        assert heard == []
        page.context.close()


def _the_log_can_be_checked(browser: Browser, here: Installation, folder: Path) -> None:
    """What the auditor takes away verifies, and a changed line is named."""
    amir = _sign_in(browser, here, "amir")
    amir.goto(f"{here.console}/audit")
    with amir.expect_download() as download:
        amir.get_by_role("link", name="Export").click()
    file = folder / "audit.jsonl"
    download.value.save_as(file)
    good = CliRunner().invoke(audit, ["verify", str(file)])
    assert good.exit_code == 0, good.output
    file.write_text(file.read_text().replace('"verdict": "dispute"', '"verdict": "confirm"', 1))
    changed = CliRunner().invoke(audit, ["verify", str(file)])
    assert changed.exit_code == 1
    assert "was changed after it was written" in changed.output
    amir.context.close()
