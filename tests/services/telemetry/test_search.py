"""Messages by id and by number: found, masked for who has no token, refused with a sentence."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from heliograph.canaries import Canaries
from pipeline.codec import Codec
from pipeline.config import Config
from pipeline.masking import OPEN
from pipeline.metrics import Metrics
from pipeline.process import Process
from pipeline.records import MtEvent
from pipeline.story import STEPS
from services.telemetry.access import Access, Guard
from services.telemetry.config import TelemetryConfig
from services.telemetry.heard import Heard
from services.telemetry.parts import Desk
from services.telemetry.search import LIMIT_DEFAULT, part, segments_of
from services.telemetry.sqlite import Sqlite
from services.telemetry.store import Store
from services.telemetry.view import Found, Head, View, ViewError
from tests.builders import REQUESTED_MS, mt_event
from tests.services.telemetry.nothing import Nothing

TOKEN = "a long secret"
GRANTED = {"authorization": f"Bearer {TOKEN}"}
NUMBER = "46701234567"
CALLER_DATA = "a note that only its owner may read"
RECEIPT: dict[str, Any] = {"event": "receipt", "segment": 1, "segments": 1, "connector": "fast"}
STORY = (
    mt_event(connector="fast", segments=1, rule="rest", recipient=NUMBER, sender="46709999999"),
    mt_event(
        event="segment_accepted",
        state="accepted",
        segment=1,
        segments=1,
        hop=0,
        connector="fast",
        smsc_message_id="1a2b",
        command_status=0,
        submitted_ms=REQUESTED_MS + 30,
        recipient=NUMBER,
        caller_data=CALLER_DATA,
        at_ms=REQUESTED_MS + 40,
    ),
    mt_event(
        **RECEIPT,
        state="undeliverable",
        terminal=True,
        hop=0,
        receipt_state="UNDELIVERABLE",
        reason="undeliverable:050",
        recipient=NUMBER,
        at_ms=REQUESTED_MS + 900,
    ),
)


@pytest.fixture
def ground() -> Iterator[Process]:
    ground = Process(Config(), "telemetry-0", Metrics("telemetry", "telemetry-0"), Codec())
    yield ground
    ground.metrics.close()


@pytest.fixture
def view(tmp_path: Path) -> Iterator[Store]:
    view = Store(Sqlite(tmp_path / "view.sqlite"), TelemetryConfig())
    take(view, *STORY)
    yield view
    view.close()


def take(view: Store, *events: MtEvent, begin: int = 0) -> None:
    view.apply(
        [
            Heard("sms.mt.event", 0, begin + place, event.at_ms, event)
            for place, event in enumerate(events)
        ]
    )


def served(ground: Process, view: View, token: str | None = TOKEN) -> TestClient:
    own = TelemetryConfig(token=token)  # type: ignore[arg-type]
    routes = part(Desk(ground, own, Access(own), view)).routes
    app = Starlette(routes=routes, middleware=[Middleware(Guard, host="127.0.0.1")])
    return TestClient(app, base_url="http://127.0.0.1:8770")


def test_with_the_token_a_message_is_told_whole(ground: Process, view: Store) -> None:
    told = served(ground, view).get("/v1/messages/m1", headers=GRANTED).json()
    assert told["head"] == {
        "message_id": "m1",
        "recipient": NUMBER,
        "requested_ms": REQUESTED_MS,
        "due_ms": REQUESTED_MS,
        "updated_ms": REQUESTED_MS + 900,
        "state": "undeliverable",
        "terminal": True,
        "connector": "fast",
        "tenant": "default",
        "lane": "normal",
        "class": "transactional",
        "country": None,
        "test": False,
        "submitted_ms": REQUESTED_MS + 30,
        "deadline_ms": None,
    }
    assert told["state"] == "undeliverable"
    assert told["segments"] == [
        {
            "segment": 1,
            "connector": "fast",
            "hop": 0,
            "submitted_ms": REQUESTED_MS + 30,
            "smsc_message_id": "1a2b",
            "command_status": 0,
            "receipt_state": "UNDELIVERABLE",
            "reason": "undeliverable:050",
            "event": "receipt",
            "at_ms": REQUESTED_MS + 900,
        }
    ]
    assert [step["after_ms"] for step in told["steps"]] == [0, 10, 30, 40, 900]
    assert told["steps"][-1]["text"] == "segment 1/1 receipt: UNDELIVERABLE - undeliverable"
    assert told["why"] == (
        "The carrier fast took it, but did not deliver it: "
        "the carrier could not deliver it (its error 050)."
    )


def test_without_it_the_same_is_told_masked(ground: Process, view: Store) -> None:
    client = served(ground, view)
    masked = client.get("/v1/messages/m1").json()
    whole = client.get("/v1/messages/m1", headers=GRANTED).json()
    assert masked["head"] == {**whole["head"], "recipient": "46…567"}
    assert {**masked, "head": None} == {**whole, "head": None}


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer other"}])
@pytest.mark.parametrize("token", [TOKEN, None])
def test_no_answer_without_the_token_shows_a_number_or_a_text(
    ground: Process, view: Store, headers: dict[str, str], token: str | None
) -> None:
    client = served(ground, view, token)
    canaries = Canaries([TOKEN, CALLER_DATA])
    for number in (NUMBER, "46709999999"):
        canaries.note_number(number)
    asked = ("/m1", "/none", f"?number={NUMBER}", f"?number=%2B{NUMBER}&limit=0", "", "?number=x")
    texts = [client.get(f"/v1/messages{path}", headers=headers).text for path in asked]
    assert canaries.search([("answers", texts)]).found == 0
    assert client.get("/v1/messages/m1", headers=GRANTED).text.count(NUMBER) == (
        1 if token else 0
    )  # the canary is there to be found


def test_what_steps_say_is_what_anybody_may_see() -> None:
    names = {name for text in STEPS.values() for _, name, _, _ in Formatter().parse(text) if name}
    assert {name for name in names if name not in OPEN} == {"segment", "segments", "hop"}


@pytest.mark.parametrize(
    ("written", "finds"),
    [
        (NUMBER, 2),
        (f"%2B{NUMBER}", 2),
        (f"+{NUMBER}", 2),  # which is a space in an address
        (f"00{NUMBER}", 2),
        ("%2B46 (70) 123-45.67", 2),
        ("46700000000", 0),
    ],
)
def test_a_number_is_found_however_it_is_written(
    ground: Process, view: Store, written: str, finds: int
) -> None:
    take(view, mt_event("m2", recipient=NUMBER, requested_ms=REQUESTED_MS + 1), begin=3)
    answer = served(ground, view).get(f"/v1/messages?number={written}", headers=GRANTED)
    assert answer.status_code == 200
    found = answer.json()["messages"]
    assert [head["message_id"] for head in found] == ["m2", "m1"][:finds]
    assert all(head["recipient"] == NUMBER for head in found)


def test_of_many_messages_the_newest_are_told(ground: Process, view: Store) -> None:
    more = [
        mt_event(f"n{number:02}", recipient=NUMBER, requested_ms=REQUESTED_MS + 1 + number)
        for number in range(30)
    ]
    take(view, *more, begin=3)
    client = served(ground, view)

    def ids(query: str) -> list[str]:
        answer = client.get(f"/v1/messages?number={NUMBER}{query}", headers=GRANTED)
        return [head["message_id"] for head in answer.json()["messages"]]

    assert ids("&limit=2") == ["n29", "n28"]
    assert len(ids("")) == LIMIT_DEFAULT
    assert len(ids("&limit=100")) == 31


@pytest.mark.parametrize(
    ("path", "headers", "status", "words"),
    [
        ("/none", {}, 404, "no message of this id is known"),
        (f"?number={NUMBER}", {}, 403, "needs the token of services.telemetry"),
        ("?number=x", {}, 403, "needs the token"),
        ("", GRANTED, 422, "write country code and number"),
        ("?number=", GRANTED, 422, "write country code and number"),
        ("?number=ACME", GRANTED, 422, "write country code and number"),
        ("?number=0701234567", GRANTED, 422, "write country code and number"),
        (f"?number={'4' * 16}", GRANTED, 422, "write country code and number"),
        (f"?number={NUMBER}&limit=0", GRANTED, 422, "`limit` is not 1 to 100"),
        (f"?number={NUMBER}&limit=101", GRANTED, 422, "`limit` is not 1 to 100"),
        (f"?number={NUMBER}&limit=x", GRANTED, 422, "`limit` is not 1 to 100"),
        (f"?number={NUMBER}&limit=-1", GRANTED, 422, "`limit` is not 1 to 100"),
    ],
)
def test_what_can_not_be_answered_says_why(
    ground: Process, view: Store, path: str, headers: dict[str, str], status: int, words: str
) -> None:
    answer = served(ground, view).get(f"/v1/messages{path}", headers=headers)
    assert (answer.status_code, words in answer.json()["error"]) == (status, True)


def test_without_a_token_configured_nobody_finds_by_number(ground: Process, view: Store) -> None:
    answer = served(ground, view, None).get(f"/v1/messages?number={NUMBER}", headers=GRANTED)
    assert (answer.status_code, "none is configured" in answer.text) == (403, True)


def test_under_another_name_nothing_is_told(ground: Process, view: Store) -> None:
    headers = {"host": "elsewhere.example", **GRANTED}
    assert served(ground, view).get("/v1/messages/m1", headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("message_id", "path"),
    [("a/b", "a/b"), ("a/b", "a%2Fb"), ("what? #1", "what%3F%20%231"), ("<b>%", "%3Cb%3E%25")],
)
def test_an_id_may_have_any_character(
    ground: Process, view: Store, message_id: str, path: str
) -> None:
    take(view, mt_event(message_id), begin=3)
    told = served(ground, view).get(f"/v1/messages/{path}").json()
    assert told["head"]["message_id"] == message_id


class Away(Nothing):
    """A view whose database is away."""

    def find_id(self, message_id: str) -> Found | None:
        raise ViewError("postgres at db.internal: connection refused")

    def find_number(self, number: str, limit: int) -> Sequence[Head]:
        raise ViewError("postgres at db.internal: connection refused")


@pytest.mark.parametrize("path", ["/m1", f"?number={NUMBER}"])
def test_where_the_view_is_away_the_log_says_more_than_the_answer(
    ground: Process, path: str
) -> None:
    with capture_logs() as log:
        answer = served(ground, Away()).get(f"/v1/messages{path}", headers=GRANTED)
    assert (answer.status_code, "db.internal" in answer.text) == (503, False)
    assert "ask again" in answer.json()["error"]
    assert [line["error"] for line in log] == ["postgres at db.internal: connection refused"]


def test_a_segment_stands_where_its_newest_way_left_it() -> None:
    events = [
        mt_event(event="segment_rejected", segment=1, hop=0, connector="fast", reason="throttled"),
        mt_event(event="segment_accepted", segment=1, hop=1, connector="slow", at_ms=1),
        mt_event(event="segment_accepted", segment=2, hop=1, connector="slow", at_ms=2),
        mt_event(event="receipt", segment=1, hop=0, connector="fast", at_ms=3),  # too late
    ]
    told = segments_of(events)
    assert [(one["segment"], one["connector"], one["hop"]) for one in told] == [
        (1, "slow", 1),
        (2, "slow", 1),
    ]
    assert [one["reason"] for one in told] == [None, None]


def test_of_an_id_that_is_used_again_the_segments_are_the_newer_ones(
    ground: Process, view: Store
) -> None:
    before = served(ground, view).get("/v1/messages/m1").json()
    day_ms = 86_400_000
    anew = {"requested_ms": REQUESTED_MS + day_ms, "at_ms": REQUESTED_MS + day_ms + 10}
    take(view, mt_event(event_id="anew", connector="slow", **anew), begin=3)
    after = served(ground, view).get("/v1/messages/m1").json()
    assert len(before["segments"]) == 1
    assert (after["segments"], after["state"]) == ([], "routed")
    assert after["why"] == "It waits to be written to the carrier slow."
    assert after["steps"][: len(before["steps"])] == before["steps"]  # they tell both
