from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from config import browser as found


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A real browser; without one the tests fail and say what was tried."""
    program = found.find()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=found.ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Any]:
    context = chromium.new_context(
        viewport={"width": 1280, "height": 900}, accept_downloads=True, reduced_motion="reduce"
    )
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()
