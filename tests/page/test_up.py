"""The page of a pipeline that runs: an SMS, its receipt by hand, a reply, the story of it all."""

from collections.abc import Callable

import pytest

pytest.importorskip("playwright.sync_api", reason="no Playwright here: make browser installs it")

from playwright.sync_api import Page, expect

from tests.end_to_end.conftest import Up, a_way_to_kafka, whole
from tests.page.test_page import find, fits

__all__ = ["a_way_to_kafka", "whole"]
TO, TEXT = "+46700000001", "Who sings best? Answer VOTE A or VOTE B."
DEADLINE_MS = 60_000


@pytest.mark.broker
def test_who_has_the_address_sends_an_sms_and_is_the_handset(
    visit: Callable[..., Page], whole: Up
) -> None:
    page = visit(f"{whole.telemetry}/#token={whole.token}")
    expect(page.locator("#verdict-title")).to_have_text("All is well", timeout=DEADLINE_MS)
    expect(page.locator(".card")).to_have_count(3)
    page.get_by_role("button", name="Send", exact=True).click()
    steps = page.locator(".steps")
    expect(steps).to_contain_text("accepted by slow as", timeout=DEADLINE_MS)
    page.locator(".waiting").get_by_role("button", name="Delivered").click()
    expect(page.locator(".bubble")).to_contain_text(TEXT)
    expect(page.locator(".story .pill")).to_have_text("delivered", timeout=DEADLINE_MS)
    expect(steps).to_contain_text("receipt: DELIVERED")
    page.get_by_label("Reply of the handset").fill("VOTE B")
    page.get_by_role("button", name="Reply", exact=True).click()
    expect(page.locator("#mo .feed")).to_contain_text("46…001 to 12345", timeout=DEADLINE_MS)
    expect(page.locator("#votes .vote")).to_contain_text("B1 · 100.0 %", timeout=DEADLINE_MS)

    page.get_by_role("button", name="Send", exact=True).click()
    expect(steps).to_contain_text("accepted by slow as", timeout=DEADLINE_MS)
    page.locator(".waiting").get_by_role("button", name="Undeliverable").click()
    failure = page.locator("#failures .words")
    expect(failure).to_contain_text("the carrier could not deliver it", timeout=DEADLINE_MS)
    expect(page.locator("[data-stage=delivered] .count")).to_have_text("1")
    expect(page.locator("[data-stage=failed] .count")).to_have_text("1")
    find(page, TO)
    expect(page.locator(".heads li")).to_have_count(2)
    assert fits(page)
