"""axe finds nothing: by day and by night, on a desk and on a phone, busy and empty."""

from collections.abc import Callable

import pytest

pytest.importorskip("playwright.sync_api", reason="no Playwright here: make browser installs it")

from playwright.sync_api import Page

from tests.interop.installation import NotInstalledError, npm_package
from tests.page.rows import BUSY, LETTERS, QUIET, STORY
from tests.page.server import Served, serving
from tests.services.telemetry.test_panel import Carrier

AXE = "axe-core", "4.14.1"
LOOKS = {
    "light": {},
    "dark": {"dark": True},
    "phone": {"width": 390, "height": 844},
    "dark phone": {"width": 390, "height": 844, "dark": True},
}


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe."""
    try:
        return (npm_package(*AXE) / "axe.min.js").read_text(encoding="utf-8")
    except NotInstalledError as error:
        pytest.skip(f"no axe here: {error}")


def faults(page: Page, axe: str) -> list[str]:
    """What axe finds, a line each."""
    page.evaluate(axe)
    found = page.evaluate("axe.run()")["violations"]
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("look", LOOKS)
def test_all_that_can_be_on_show_is_for_everybody(
    visit: Callable[..., Page], carrier: Carrier, axe: str, look: str
) -> None:
    with serving({"one": carrier.url}) as served:
        served.put(BUSY)
        served.view.events += STORY
        served.letters += LETTERS
        page = visit(served.unlocked, **LOOKS[look])
        page.get_by_role("button", name=f"{LETTERS[0].topic}: 3").click()
        page.locator("#letters summary").first.click()
        page.get_by_label("message_id or number").fill("m1")
        page.get_by_role("button", name="Find", exact=True).click()
        page.locator(".steps li").first.wait_for()
        page.locator(".waiting button").first.wait_for()
        assert faults(page, axe) == []


@pytest.mark.parametrize("look", LOOKS)
def test_an_empty_page_is_for_everybody(
    visit: Callable[..., Page], served: Served, axe: str, look: str
) -> None:
    served.put(QUIET)
    page = visit(served.url, **LOOKS[look])
    page.get_by_text("All is well").wait_for()
    assert faults(page, axe) == []
