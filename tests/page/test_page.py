"""What the page shows of snapshots, stories and letters, and how one gets about in it."""

from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("playwright.sync_api", reason="no Playwright here: make browser installs it")

from msgspec.structs import replace
from playwright.sync_api import Page, expect

from services.telemetry import panel
from services.telemetry.snapshot import Alert, Failure, Group, Letters, Vote
from tests.builders import REQUESTED_MS, mt_event
from tests.page.rows import BUSY, LETTERS, NUMBER, QUIET, STORY, TOPIC
from tests.page.server import Served, serving
from tests.services.telemetry.test_panel import NUMBER as HANDSET
from tests.services.telemetry.test_panel import OPEN, Carrier

Visit = Callable[..., Page]
SHOWN = {  # by the example of a snapshot
    "#link": "live",
    "#clock": "14:13:20",
    "#verdict-title": "1 thing to look at",
    "#verdict-facts": "6 of 7 binds · 309 segments/s · 21,680 open · oldest unsent 44 s",
    ".alerts strong": "fast refuses everything: ESME_RINVSYSID.",
    ".alerts .soft": "ConnectorStopped · for 44 s · docs/runbooks/ConnectorStopped.md",
    "[data-stage=requested] .count": "301,204",
    "[data-stage=delivered] .count": "270,113",
    "[data-stage=delivered] .share": "89.7 %",
    "#tests": "Beside these, of tenants who only test: 12 requested, 11 delivered, 0 failed, "
    "1 open.",
    "[data-rate=mo_per_s] .count": "7.9",
    "[data-connector=slow] .pill": "bound",
    "[data-connector=slow] .gauge >> nth=0": "rate in force313 of 400/s",
    "[data-connector=slow] .gauge >> nth=1": "window61 of 80",
    "[data-connector=slow] dd >> nth=0": "4 of 4",
    "[data-connector=slow] dd >> nth=1": "298/s",
    "[data-connector=slow] dd >> nth=2": "1,840 of 24,000",
    "[data-connector=slow] dd >> nth=3": "12,000",
    "[data-connector=slow] dd >> nth=4": "6.2 s",
    "[data-connector=slow] dd >> nth=5": "84 ms, 410 ms",
    "[data-connector=slow] dd >> nth=6": "2.9 s, 41 s",
    "[data-connector=slow] dd >> nth=7": "96.1 %",
    "[data-connector=slow] dd >> nth=8": "0.04 %",
    "[data-connector=slow] .statuses li >> nth=0": "ESME_ROK184,022 · 99.8 %",
    "[data-connector=slow] .statuses li >> nth=1": "ESME_RTHROTTLED311 · 0.2 %",
    "[data-connector=fast] .pill": "stopped",
    "[data-connector=fast] .words": "ESME_RINVSYSID",
    "[data-connector=test] dd >> nth=2": "–",
    "#groups tbody tr >> nth=2": "binder-slow1,8406.2 s298",
    "#latency tbody tr >> nth=1": "request to submitslow · otp · SE61 ms190 ms420 ms1,204",
    "#failures li >> nth=0": "14:13:16order-4711slow"
    "The carrier says that the number does not exist.",
    "#mo li >> nth=0": "14:13:1846…321 to 12345fastVOTE · vote in song-contest",
    "#votes .vote": "song-contestA812 · 50.7 %B790 · 49.3 %",
    "#letters .topics": "sms.mt.request.dlq: 3",
    "#build": "Telemetry runs for 24 h.",
}
EMPTY = {
    "#verdict-title": "All is well",
    "#connectors .empty": "No connector is configured.",
    "#groups .empty": "Kafka has not been asked yet.",
    "#latency .empty": "Nothing was measured lately.",
    "#failures .empty": "None lately.",
    "#letters .empty": "None is open: all that came could be read.",
    "#mo .empty": "Nothing lately.",
    "#votes .empty": "Nobody has voted yet.",
}
HOSTILE = {
    "a script": "<script>window.hacked = 1</script>",
    "an image": "<img src=x onerror='window.hacked = 1'>",
    "right to left": "\u202eabc\u2066 שלום",
    "ten kilobytes": "x" * 10_000,
    "a hundred lines": "line\n" * 100,
    "a prototype": "__proto__",
}
ALERT = BUSY.alerts[0]


def shown(page: Page, wanted: dict[str, str]) -> dict[str, str]:
    """What stands where something is wanted to."""
    return {where: (page.locator(where).first.text_content() or "") for where in wanted}


def drawn(page: Page, at_ms: int) -> None:
    """Wait until the snapshot of then is on show."""
    expect(page.locator("html")).to_have_attribute("data-drawn", str(at_ms))


def fits(page: Page) -> bool:
    """Whether nothing has to be looked for at the right."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def find(page: Page, text: str) -> None:
    """Ask for a message."""
    page.get_by_label("message_id or number").fill(text)
    page.get_by_role("button", name="Find", exact=True).click()


def test_all_of_a_snapshot_is_on_show(visit: Visit, served: Served) -> None:
    served.put()
    page = visit(served.url)
    drawn(page, BUSY.at_ms)
    assert shown(page, SHOWN) == SHOWN
    assert page.locator("[data-connector=fast]").get_attribute("class") == "card bad"
    assert page.title() == "(1) Heliograph"


def test_where_there_is_nothing_that_is_said(visit: Visit, served: Served) -> None:
    served.put(QUIET)
    page = visit(served.url)
    drawn(page, QUIET.at_ms)
    assert shown(page, EMPTY) == EMPTY
    for where in EMPTY:
        expect(page.locator(where)).to_be_visible()
    expect(page.locator(".alerts")).to_be_hidden()
    assert page.title() == "Heliograph"


@pytest.mark.parametrize(
    ("alerts", "words", "kind"),
    [
        ((), "All is well", "good"),
        ((ALERT,), "1 thing to look at", "bad"),
        ((ALERT, replace(ALERT, about="slow")), "2 things to look at", "bad"),
    ],
)
def test_one_sentence_says_whether_all_is_well(
    visit: Visit, served: Served, alerts: tuple[Alert, ...], words: str, kind: str
) -> None:
    served.put(alerts=alerts)
    page = visit(served.url)
    expect(page.locator("#verdict-title")).to_have_text(words)
    expect(page.locator("#verdict")).to_have_class(f"wide {kind}")
    assert page.locator(".alerts li").count() == len(alerts)
    box = page.locator("#verdict-title").bounding_box()
    assert box is not None
    assert box["y"] < 120


def test_the_name_of_the_tab_says_it_in_the_background_too(visit: Visit, served: Served) -> None:
    served.put(QUIET)
    page = visit(served.url)
    drawn(page, QUIET.at_ms)
    page.evaluate("Object.defineProperty(document, 'hidden', { value: true })")
    served.put(QUIET, alerts=(ALERT,), at_ms=QUIET.at_ms + 1000)
    expect(page).to_have_title("(1) Heliograph")
    drawn(page, QUIET.at_ms)


def test_what_stands_still_or_answers_no_more_is_not_called_well(
    visit: Visit, served: Served
) -> None:
    served.put(QUIET)
    page = visit(served.url)
    page.clock.install()
    page.reload()
    drawn(page, QUIET.at_ms)
    page.clock.fast_forward("00:10")
    title = page.locator("#verdict-title")
    expect(title).to_have_text("Telemetry stands still: this is of 14:13:20")
    served.put(QUIET, at_ms=QUIET.at_ms + 1000)
    expect(title).to_have_text("All is well")
    served.stop()
    expect(title).to_have_text("Telemetry does not answer: this is of 14:13:21")
    expect(page.locator("#verdict")).to_have_class("wide warn")


def test_what_has_the_focus_keeps_it_while_all_else_moves(visit: Visit, served: Served) -> None:
    served.put()
    page = visit(served.url)
    page.get_by_role("button", name="order-4711").focus()
    (first, _), later_ms = BUSY.failures, BUSY.at_ms + 500
    newer = replace(first, message_id="order-4712", at_ms=later_ms)
    served.put(failures=(newer, first), at_ms=later_ms, connectors=BUSY.connectors[1:])
    drawn(page, later_ms)
    assert page.locator("#failures button").all_text_contents() == ["order-4712", "order-4711"]
    assert page.evaluate("document.activeElement.textContent") == "order-4711"
    assert page.locator(".card").count() == len(BUSY.connectors) - 1


def test_the_story_of_a_message_is_told_and_goes_on(visit: Visit, served: Served) -> None:
    served.put()
    served.view.events += STORY[:2]
    page = visit(served.unlocked)
    find(page, "m1")
    expect(page.locator(".steps li")).to_have_count(4)
    assert page.locator(".story .pill").text_content() == "accepted"
    served.view.events += STORY[2:]
    expect(page.locator(".story .pill")).to_have_text("undeliverable")
    expect(page.locator(".steps li").last).to_contain_text("receipt: UNDELIVERABLE")
    expect(page.locator(".story .why")).to_contain_text("the carrier could not deliver it")


def test_a_failure_leads_to_its_story(visit: Visit, served: Served) -> None:
    served.put(failures=(replace(BUSY.failures[0], message_id="m1"),))
    served.view.events += STORY
    page = visit(served.url)
    page.get_by_role("button", name="m1").click()
    expect(page.locator(".steps li")).to_have_count(5)


def test_messages_are_found_by_number(visit: Visit, served: Served) -> None:
    served.put()
    served.view.events += [*STORY, mt_event("m2", recipient=NUMBER)]
    page = visit(served.unlocked)
    find(page, "+46 70-123 45 67")
    expect(page.locator(".heads button")).to_have_text(["m1", "m2"])
    page.locator(".heads").get_by_role("button", name="m2").click()
    expect(page.locator(".story strong")).to_have_text("m2")
    find(page, "+46 70-999 99 99")
    expect(page.locator("#find .said")).to_have_text("No message to this number is known.")
    find(page, "nobody's/../%2e?#")
    expect(page.locator("#find .said")).to_contain_text("no message of this id is known")


def test_a_dead_letter_is_shown_and_replayed(visit: Visit, served: Served) -> None:
    served.put()
    served.letters += LETTERS
    page = visit(served.unlocked)
    page.get_by_role("button", name=f"{TOPIC}: 3").click()
    letters = page.locator("#letters .open li")
    expect(letters).to_have_count(3)
    expect(letters.first).to_contain_text("bad_shape: `to` is missing")
    letters.first.get_by_text("sms.mt.request, partition 2, offset 7").click()
    expect(letters.first.locator("pre")).to_contain_text(NUMBER)
    assert page.locator("#letters .open button").all_text_contents() == ["Replay", "Skip"]
    page.get_by_role("button", name="Replay").click()
    expect(letters).to_have_count(2)
    said = page.locator("#letters .said")
    expect(said).to_have_text("It is on its way again, to sms.mt.request.")
    expect(letters.first).to_contain_text("Can't go again, for it still can't be read")
    expect(page.get_by_role("button", name="Replay")).to_be_disabled()
    page.get_by_role("button", name="Skip").click()
    expect(letters).to_have_count(1)
    expect(said).to_have_text("It is skipped; the topic keeps it for 14 days.")
    assert served.dealt == [(0, "sms.mt.request"), (1, None)]
    served.letters.clear()
    page.get_by_role("button", name="Skip").click()
    expect(said).to_contain_text("it is not the oldest that is open")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_comes_from_outside_is_text_and_breaks_nothing(
    visit: Visit, served: Served, text: str
) -> None:
    slow, fast, _ = BUSY.connectors
    served.put(
        alerts=(replace(ALERT, name=text, words=text),),
        connectors=(replace(slow, stop=text, statuses={text: 1}), replace(fast, name=text)),
        groups=(Group(name=text, lag=1, age_s=None, done_per_s=0),),
        failures=(Failure(at_ms=1, message_id=text, connector=text, words=text),),
        mo=(replace(BUSY.mo[0], sender=text, keyword=text, vote=text),),
        votes=(Vote(name=text, counts={text: 1}),),
        letters=(Letters(topic=text, open=1),),
    )
    story = mt_event("m1", tenant=text, rule=text, connector=text, reason=text, segments=1)
    served.view.events.append(story)
    page = visit(served.url, width=390)
    drawn(page, BUSY.at_ms)
    find(page, "m1")
    page.locator(".steps li").first.wait_for()
    words = page.locator("#failures .words").text_content() or ""
    assert words.startswith(text[:300])
    assert page.evaluate("window.hacked") is None
    assert page.locator("main script, main img, #failures li >> nth=1").count() == 0
    assert fits(page)


def test_all_is_done_with_the_keyboard(visit: Visit, served: Served) -> None:
    served.put(failures=(replace(BUSY.failures[0], message_id="m1"),))
    served.view.events += STORY
    page = visit(served.unlocked)
    drawn(page, BUSY.at_ms)
    reached = set()
    for _ in range(25):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "(document.activeElement.closest('section, header') ?? document.body).id"
                " + ' ' + document.activeElement.tagName"
            )
        )
    assert {" A", " BUTTON", "find INPUT", "find BUTTON", "failures BUTTON"} <= reached
    assert {"failures UL", "groups DIV", "latency DIV", "letters BUTTON", "mo UL"} <= reached
    page.keyboard.press("Control+Home")
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("m1")
    page.keyboard.press("Enter")
    expect(page.locator(".steps li")).to_have_count(5)
    theme = page.get_by_role("button", name="Dark")
    theme.focus()
    page.keyboard.press("Space")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_day_and_night_follow_the_system_until_somebody_chooses(
    visit: Visit, served: Served
) -> None:
    served.put()
    page = visit(served.url, dark=True)
    colour = "getComputedStyle(document.body).backgroundColor"
    night = page.evaluate(colour)
    page.get_by_role("button", name="Light").click()
    day = page.evaluate(colour)
    assert day != night
    page.reload()
    assert page.evaluate(colour) == day
    expect(page.get_by_role("button", name="Dark")).to_be_visible()


@pytest.mark.parametrize("width", [320, 390, 768, 1280, 2000])
def test_nothing_has_to_be_looked_for_at_the_right(
    visit: Visit, served: Served, width: int
) -> None:
    served.put()
    page = visit(served.unlocked, width=width, height=844)
    drawn(page, BUSY.at_ms)
    assert fits(page)


def test_a_test_sms_is_sent_and_its_handset_played(
    visit: Visit, carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    published: list[dict[str, Any]] = []

    def publish(_: object, **what: Any) -> str:
        published.append(what)
        return "m1"

    monkeypatch.setattr(panel, "publish", publish)
    place = f"/handsets/{HANDSET}"
    arrived = {"at_ms": REQUESTED_MS, "account": "one", "sender": "12345", "text": "Which?"}
    carrier.answers |= {
        ("GET", place): (200, []),
        ("GET", f"{place}/open"): (200, [OPEN]),
        ("POST", f"{place}/state"): (200, {}),
        ("POST", f"{place}/receipt"): (202, {"ended": ["17"]}),
        ("POST", f"{place}/reply"): (202, {"mo": 1}),
    }
    with serving({"one": carrier.url}) as served:
        served.put()
        page = visit(served.unlocked)
        expect(page.locator("#panel option")).to_have_text(["default", "test"])
        page.get_by_role("button", name="Send").click()
        expect(page.locator("#send .said")).to_have_text("Sent as m1")
        expect(page.locator("#find .said")).to_have_text("It is on its way.")
        served.view.events += STORY
        expect(page.locator(".story strong")).to_have_text("m1")
        assert [(one["to"], one["sender"]) for one in published] == [(f"+{HANDSET}", "12345")]
        page.get_by_role("button", name="Delivered").wait_for()
        carrier.answers |= {
            ("GET", place): (200, [arrived]),
            ("GET", f"{place}/open"): (200, []),
        }
        page.get_by_role("button", name="Delivered").click()
        expect(page.locator(".bubble")).to_have_text("12345 · 14:13:20Which?")
        expect(page.locator(".waiting button")).to_have_count(0)
        page.get_by_label("Reply of the handset").fill("VOTE A")
        page.get_by_role("button", name="Reply").click()
        expect(page.locator(".bubble.own")).to_contain_text("VOTE A")
    ends = [(path, body) for method, path, body in carrier.asked if method == "POST"][1:]
    assert ends == [
        (f"{place}/receipt", {"smsc_message_id": "17", "state": "DELIVERED", "error": "000"}),
        (f"{place}/reply", {"text": "VOTE A"}),
    ]
