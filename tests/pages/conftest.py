"""The gallery and the scenes on free ports and a browser to look at it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from tests.pages import browser as real
from tests.pages.gallery import create_gallery
from tests.pages.scenes import create_scenes


@pytest.fixture(scope="session")
def gallery() -> Iterator[str]:
    """The address of a gallery that runs for the whole session."""
    with _served(create_gallery()) as address:
        yield address


@pytest.fixture(scope="session")
def scenes() -> Iterator[str]:
    """The address of the scenes, which run for the whole session."""
    with _served(create_scenes()) as address:
        yield address


@contextmanager
def _served(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for a module's tests, each with a context of its own. Not for the session: while
    it runs, Playwright holds the process's event loop, and there can be no second one."""
    with real.started() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, gallery: str) -> Iterator[Page]:
    """The gallery, open in a fresh browser context and listening to keys."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(5_000)
    page = context.new_page()
    page.goto(gallery)
    page.locator("html[data-keys='on']").wait_for(state="attached")
    yield page
    context.close()
