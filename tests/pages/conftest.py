"""The gallery on a free port and a browser to look at it."""

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from tests.pages import browser as real
from tests.pages.gallery import create_gallery


@pytest.fixture(scope="session")
def gallery() -> Iterator[str]:
    """The address of a gallery that runs for the whole session."""
    server = make_server("127.0.0.1", 0, create_gallery(), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for the session; every test has a context of its own."""
    with real.started() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, gallery: str) -> Iterator[Page]:
    """The gallery, open in a fresh browser context."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(5_000)
    page = context.new_page()
    page.goto(gallery)
    yield page
    context.close()
