"""A real browser for tests, and what is asked of every page in it."""

from collections.abc import Iterator
from contextlib import contextmanager

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.chromium import executable

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@contextmanager
def started() -> Iterator[Browser]:
    """A browser that is closed with the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=list(ARGUMENTS))
        yield browser
        browser.close()


def check_accessible(page: Page) -> None:
    """Raise AssertionError with what axe finds on the page as it stands now."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def check_dark(page: Page) -> None:
    """Switch a page to the dark theme, and check of `check_accessible` what a theme changes."""
    page.emulate_media(color_scheme="dark")
    drawn = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    page.evaluate(drawn)  # until then, axe would read colours of both themes
    rule = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
    found = Axe().run(page, options=rule)
    assert found.violations_count == 0, found.generate_report()


def check_fits(page: Page) -> None:
    """Raise AssertionError if the page is wider than its window."""
    wide = page.evaluate("document.documentElement.scrollWidth")
    window = page.evaluate("document.documentElement.clientWidth")
    assert wide <= window, f"the page is {wide} px wide in a window of {window}: let it wrap"


def press(page: Page, *keys: str) -> None:
    """Press keys once the page listens to them: static/rest.js lets them rest after it changes."""
    for key in keys:
        page.locator("html[data-keys='on']").wait_for(state="attached")
        page.keyboard.press(key)


WATCH = """new PerformanceObserver(list => {
  for (const shift of list.getEntries())
    if (!shift.hadRecentInput && shift.value > 0.005)
      window.shifted(location.pathname, shift.value, shift.sources.map(
        ({node}) => node ? node.outerHTML?.slice(0, 90) ?? node.textContent : "something gone"))
}).observe({type: "layout-shift", buffered: true})"""


def shifts(page: Page) -> list[str]:
    """Collect from now on what moves on the page without being asked to, as Chromium counts it
    (https://wicg.github.io/layout-instability/): how far, and the elements. A line that ends at the
    page's edge moves by less while it is still arriving."""
    seen: list[str] = []

    def shifted(where: str, value: float, what: list[str]) -> None:
        seen.append(f"{where}: {value:.4f} {what}")

    page.expose_function("shifted", shifted)
    page.add_init_script(WATCH)
    return seen


def complaints(page: Page) -> list[str]:
    """Collect from now on what the browser complains of: errors and refused inline pieces."""
    heard: list[str] = []
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("console", lambda said: heard.append(said.text) if said.type == "error" else None)
    return heard
