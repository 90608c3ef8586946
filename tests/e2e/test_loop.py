"""A list in, decisions out, votes at the registry and actions at the platform: by keyboard."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, Error, Page, expect
from sqlalchemy import select

from commands.audit import audit
from store.database import Database
from store.delivery import Delivery
from tests.e2e.installation import Installation, await_true, installed, leftovers
from tests.pages import browser as real
from tests.pages.browser import check_accessible, check_dark, check_fits, complaints, press

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

VOTES = {"confirm": "affirmative", "remove": "affirmative", "dispute": "negative"}


def _sign_in(browser: Browser, here: Installation, login: str, width: int = 1280) -> Page:
    context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.goto(here.console)
    page.get_by_label("Login").press_sequentially(login)
    page.keyboard.press("Tab")
    page.keyboard.type(here.passwords[login])
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "sign-in" not in address)
    return page


def _claim_next(page: Page) -> None:
    """Press N, again if it went unheard: keys rest for a moment after a page changes."""
    mine = page.get_by_role("heading", name="You hold this hit")
    for _ in range(5):
        press(page, "n")
        try:
            mine.wait_for(timeout=4_000)
        except Error:
            continue
        return
    expect(mine).to_be_visible()


def _decide(page: Page, verdict: str) -> str:
    """Claim the most urgent hit and decide it, by keys alone; the hit's page."""
    _claim_next(page)
    press(page, verdict[0], "1")
    expect(page.get_by_role("heading", name="Decided", exact=True)).to_be_visible()
    return page.url


def test_the_whole_loop(url: str | None, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with real.started() as browser, installed(folder, url) as here:
        mona = _sign_in(browser, here, "mona")
        heard = complaints(mona)
        expect(mona.get_by_role("heading", name="Queue")).to_be_visible()
        hits = {verdict: _decide(mona, verdict) for verdict in VOTES}
        _second_person_is_told(browser, here, mona)
        assert heard == []

        decided = _votes_decided(url, folder)
        assert set(decided.values()) == set(VOTES.values())
        await_true("every vote, as decided", lambda: _told(here) == decided)
        await_true("both actions", lambda: len(here.actions()) >= 2)
        assert sorted(one["action"] for one in here.actions()) == ["release", "remove"]
        reasons = [why for votes in here.votes().values() for vote, why in votes if why]
        assert reasons, "the dispute carries one of the registry's own reasons"

        _every_page_is_fit(browser, here, hits["remove"])
        _the_log_can_be_checked(browser, here, tmp_path)
        before = here.votes()
        assert here.stop() == 0
    await_true("the end of every process", lambda: leftovers(folder) == [], 30)

    with real.started() as browser, installed(folder, url) as again:
        page = _sign_in(browser, again, "mona")
        page.goto(f"{again.console}/queue?view=decided")
        expect(page.locator("tbody tr")).to_have_count(len(VOTES))
        assert again.votes() == before
        assert len(again.actions()) == 2
        assert again.stop() == 0


def _votes_decided(url: str | None, folder: Path) -> dict[tuple[str, str], str]:
    """What the decisions say to the registry: (entry, algorithm) to vote."""
    database = Database(url or f"sqlite:///{folder / 'console.sqlite'}")
    with database.read() as session:
        rows = session.scalars(select(Delivery).where(Delivery.source_id.is_not(None)))
        votes = {(row.body["entry_id"], row.body["algorithm"]): row.action for row in rows}
    database.close()
    return votes


def _told(here: Installation) -> dict[tuple[str, str], str]:
    """What the registry holds of us, as another member reads it."""
    return {key: str(vote) for key, votes in here.votes().items() for vote, _ in votes}


def _second_person_is_told(browser: Browser, here: Installation, mona: Page) -> None:
    """Who opens a hit that somebody holds sees who does, and cannot decide it."""
    _claim_next(mona)
    milan = _sign_in(browser, here, "milan")
    milan.goto(mona.url)
    expect(milan.get_by_role("heading", name="Mona Berg holds this hit")).to_be_visible()
    expect(milan.get_by_role("heading", name="Your decision")).to_have_count(0)
    milan.context.close()


def _every_page_is_fit(browser: Browser, here: Installation, hit: str) -> None:
    """Axe finds nothing, light and dark, wide and narrow, and nothing is wider than its window."""
    pages = {
        "lena": ["/queue", "/figures", "/audit", "/deliveries", "/sources", "/sources/1"],
        "ada": ["/people"],
    }
    for login, paths in pages.items():
        for width in (1280, 390):
            page = _sign_in(browser, here, login, width)
            heard = complaints(page)
            paths_here = [f"{here.console}{path}" for path in paths]
            for address in [*paths_here, *([hit] if login == "lena" else [])]:
                page.emulate_media(color_scheme="light")
                page.goto(address)
                check_accessible(page)
                check_fits(page)
                check_dark(page)
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
