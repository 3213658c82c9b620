"""A browser for all, and pages that are looked after: what they load, what breaks in them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.interop.installation import NotInstalledError, system_program
from tests.page.server import Served, serving
from tests.services.telemetry.test_panel import carrier

__all__ = ["carrier"]
TIMEOUT_S = 300  # the first test installs the browser
FLAGS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/page" in str(item.path):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(TIMEOUT_S))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium without a window, that can reach this machine only."""
    from playwright.sync_api import sync_playwright

    try:
        path = system_program("chromium", "chromium")
    except NotInstalledError as error:
        pytest.skip(f"no browser here: {error}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def served() -> Iterator[Served]:
    """The page, with nothing in it."""
    with serving() as own:
        yield own


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open an address in a new window: `visit(url, width=390, dark=True)` gives its page.

    Whatever a test does there: nothing is asked of elsewhere, no script breaks, and nothing is
    against the policy that the page is served with.
    """
    contexts: list[Any] = []
    elsewhere: list[str] = []
    broken: list[str] = []

    def open_page(url: str, *, width: int = 1280, height: int = 900, dark: bool = False) -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            locale="en-GB",
            timezone_id="UTC",
        )
        contexts.append(context)
        page = context.new_page()
        origin = url.split("/#")[0]

        def on_request(request: Any) -> None:
            if not request.url.startswith(f"{origin}/"):
                elsewhere.append(request.url)

        def on_console(message: Any) -> None:
            if (
                "Content Security Policy" in message.text
                or "Content-Security-Policy" in message.text
            ):
                broken.append(message.text)

        page.on("request", on_request)
        page.on("console", on_console)
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert elsewhere == []
    assert broken == []
