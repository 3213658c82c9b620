"""What may be seen and done without the token, and that nobody else hears of it."""

from collections.abc import Callable

import pytest

pytest.importorskip("playwright.sync_api", reason="no Playwright here: make browser installs it")

from playwright.sync_api import Page, expect

from tests.page.rows import LETTERS, NUMBER, STORY, TEXT, TOPIC
from tests.page.server import TOKEN, Served, serving
from tests.page.test_page import find
from tests.services.telemetry.test_panel import Carrier

Visit = Callable[..., Page]


def test_the_token_leaves_the_address_and_is_in_none(visit: Visit, served: Served) -> None:
    served.put()
    page = visit(served.url)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(served.unlocked)  # in the page that is open: only its fragment is another
    expect(page.get_by_role("button", name="Lock", exact=True)).to_be_visible()
    assert page.url == f"{served.url}/"
    find(page, "m1")
    expect(page.locator("#find .said")).to_contain_text("no message of this id")
    page.reload()
    expect(page.get_by_role("button", name="Lock", exact=True)).to_be_visible()
    assert [url for url in asked if TOKEN in url] == []


def test_without_the_token_all_is_masked_and_nothing_is_done(
    visit: Visit, carrier: Carrier
) -> None:
    with serving({"one": carrier.url}) as served:
        served.put()
        served.view.events += STORY
        served.letters += LETTERS
        page = visit(served.url)
        find(page, "m1")
        expect(page.locator(".story dd").first).to_have_text("46…567")
        page.get_by_role("button", name=f"{TOPIC}: 3").click()
        page.locator("#letters summary").first.click()
        expect(page.locator("#letters pre").first).to_contain_text("(hidden)")
        page.get_by_role("button", name="Replay").click()
        expect(page.locator("#letters .said")).to_contain_text("this needs the token")
        seen = page.content()
        assert NUMBER not in seen
        assert TEXT not in seen
        find(page, NUMBER)
        expect(page.locator("#find .said")).to_have_text(
            "To search by number, unlock the page with its token."
        )
        expect(page.locator("#panel")).to_be_hidden()
        assert (served.dealt, carrier.asked) == ([], [])


def test_a_token_that_is_not_the_right_one_is_told(visit: Visit, served: Served) -> None:
    served.put()
    page = visit(served.url)
    page.get_by_label("Token").fill("a guess")
    page.get_by_role("button", name="Unlock").click()
    expect(page.locator("#refused")).to_have_text("This is not the token of telemetry.")
    expect(page.get_by_label("Token")).to_be_visible()
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Unlock").click()
    expect(page.locator("#refused")).to_have_text("")
    expect(page.get_by_role("button", name="Lock", exact=True)).to_be_visible()


def test_locked_while_nothing_answers_it_shows_nothing(visit: Visit, served: Served) -> None:
    served.put()
    served.view.events += STORY
    page = visit(served.unlocked)
    find(page, "m1")
    expect(page.locator(".story dd").first).to_have_text(NUMBER)
    page.route("**/v1/messages/*", lambda route: route.abort())
    page.get_by_role("button", name="Lock", exact=True).click()
    expect(page.locator(".story")).to_have_count(0)
    assert NUMBER not in page.content()


def test_locked_again_it_shows_no_more_than_before(visit: Visit, served: Served) -> None:
    served.put()
    served.view.events += STORY
    served.letters += LETTERS
    page = visit(served.unlocked)
    find(page, "m1")
    expect(page.locator(".story dd").first).to_have_text(NUMBER)
    page.get_by_role("button", name=f"{TOPIC}: 3").click()
    expect(page.locator("#letters pre").first).to_contain_text(NUMBER)
    page.get_by_role("button", name="Lock", exact=True).click()
    expect(page.locator(".story dd").first).to_have_text("46…567")
    expect(page.locator("#letters .open li")).to_have_count(0)
    assert NUMBER not in page.content()
    page.reload()
    expect(page.get_by_label("Token")).to_be_visible()
