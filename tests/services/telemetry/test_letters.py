"""Dead letters over HTTP: who sees what of them, and who may deal with them, one at a time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
from confluent_kafka import KafkaError, KafkaException
from starlette.applications import Starlette
from starlette.testclient import TestClient

from pipeline import topics
from pipeline.burials import Again, Letter, document
from pipeline.codec import Codec
from pipeline.config import Config, KafkaConfig
from pipeline.dead_letters import error_headers
from pipeline.errors import BrokerError, UnreadableError
from pipeline.kafka.clients import Origin
from pipeline.kafka.letters import Dealings, Dealt, Decide
from pipeline.process import Process
from services.telemetry import letters
from services.telemetry.access import Access
from services.telemetry.config import TelemetryConfig
from services.telemetry.parts import Desk

TOKEN = "a long secret"
GRANTED = {"authorization": f"Bearer {TOKEN}"}
TOPIC = "sms.mt.request.dlq"
NUMBER, TEXT = "46701234567", "secret words"
CODEC = Codec()
AT_MS = 1_790_000_000_000


def letter(offset: int, octets: bytes) -> Letter:
    origin = Origin(topics.MT_REQUEST, 3, 41, AT_MS, None)
    headers = error_headers(origin, "intake", UnreadableError("unknown_schema", "no schema"))
    return Letter(TOPIC, offset, AT_MS + 5, NUMBER.encode(), octets, headers)


GOOD = letter(7, b'{"to": "46701234567", "text": "secret words"}')
BAD = letter(8, b"{46701234567 secret words")


class Lying:
    """What lies in Kafka, as `pipeline.kafka.letters` would have it; it may be away."""

    def __init__(self) -> None:
        self.open = [GOOD, BAD]
        self.dealt: list[int] = []
        self.fails: Exception | None = None

    def documents(
        self, config: Config, codec: Codec, topic: str, count: int, *, is_masked: bool
    ) -> list[dict[str, Any]]:
        if self.fails:
            raise self.fails
        own = [one for one in self.open if one.topic == topic][:count]
        return [document(one, codec, is_masked=is_masked) for one in own]

    def deal(
        self,
        kafka: KafkaConfig,
        topic: str,
        decide: Decide,
        count: int,
        *,
        skips: bool,
        expected: int,
    ) -> Dealings:
        if self.fails:
            raise self.fails
        assert count == 1
        if not self.open or self.open[0].offset != expected:
            return Dealings()
        decided = decide(self.open[0])
        is_over = skips or isinstance(decided, Again)
        found = Dealings().plus([Dealt(self.open[0], decided, is_over)])
        if is_over:
            self.dealt.append(self.open.pop(0).offset)
        return found


@pytest.fixture
def lying(monkeypatch: pytest.MonkeyPatch) -> Lying:
    own = Lying()
    monkeypatch.setattr(letters, "documents", own.documents)
    monkeypatch.setattr(letters, "deal", own.deal)
    return own


def served(token: str | None = TOKEN) -> TestClient:
    own = TelemetryConfig(token=token)  # type: ignore[arg-type]
    facts = {"config": Config(), "codec": CODEC}
    desk = Desk(cast(Process, type("Ground", (), facts)), own, Access(own), cast(Any, None))
    return TestClient(Starlette(routes=list(letters.part(desk).routes)))


def test_masked_they_are_shown_to_anybody_and_whole_to_who_has_the_token(lying: Lying) -> None:
    http = served()
    masked = http.get("/v1/letters", params={"topic": TOPIC})
    assert masked.status_code == 200
    assert [one["offset"] for one in masked.json()["letters"]] == [7, 8]
    assert masked.json()["letters"][0]["was"]["reason"] == "unknown_schema"
    assert (NUMBER in masked.text, TEXT in masked.text) == (False, False)
    whole = http.get("/v1/letters", params={"topic": TOPIC}, headers=GRANTED)
    assert (NUMBER in whole.text, TEXT in whole.text) == (True, True)
    assert served(None).get("/v1/letters", params={"topic": TOPIC}, headers=GRANTED).json() == (
        masked.json()
    )


@pytest.mark.parametrize("action", ["replay", "skip"])
@pytest.mark.parametrize(("token", "headers"), [(TOKEN, {}), (None, GRANTED)])
def test_without_the_token_nothing_is_done(
    lying: Lying, action: str, token: str | None, headers: dict[str, str]
) -> None:
    order = {"topic": TOPIC, "offset": 7}
    answer = served(token).post(f"/v1/letters/{action}", json=order, headers=headers)
    assert (answer.status_code, "token" in answer.json()["error"]) == (403, True)
    assert lying.dealt == []


def test_who_presses_twice_has_it_go_once(lying: Lying, monkeypatch: pytest.MonkeyPatch) -> None:
    again = Again(topics.MT_REQUEST, None, b"", [])
    monkeypatch.setattr(letters, "decision", lambda *_: lambda _: again)
    http, order = served(), {"topic": TOPIC, "offset": 7}
    first, second = (http.post("/v1/letters/replay", json=order, headers=GRANTED) for _ in range(2))
    assert first.json() == {"words": "It is on its way again, to sms.mt.request."}
    assert (second.status_code, "not the oldest" in second.json()["error"]) == (409, True)
    assert lying.dealt == [7]


def test_what_may_not_go_says_why_stays_and_is_skipped(lying: Lying) -> None:
    lying.open = [BAD]
    http, order = served(), {"topic": TOPIC, "offset": 8}
    answer = http.post("/v1/letters/replay", json=order, headers=GRANTED)
    assert (answer.status_code, lying.dealt) == (409, [])
    assert "it stays, for it still can't be read" in answer.json()["error"]
    answer = http.post("/v1/letters/skip", json=order, headers=GRANTED)
    assert (answer.status_code, lying.dealt) == (200, [8])
    assert "skipped" in answer.json()["words"]


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ("{", 422, "JSON"),
        ('{"topic": "sms.mt.request.dlq"}', 422, "offset"),
        ('{"topic": "sms.mt.request.dlq", "offset": -1}', 422, "offset"),
        ('{"topic": "sms.mt.request", "offset": 7}', 404, "is none of sms.command.dlq, "),
    ],
)
def test_an_order_that_is_none_is_refused_in_a_sentence(
    lying: Lying, body: str, status: int, words: str
) -> None:
    answer = served().post("/v1/letters/skip", content=body, headers=GRANTED)
    assert (answer.status_code, words in answer.json()["error"]) == (status, True)
    assert lying.dealt == []


def test_a_topic_that_holds_none_is_told(lying: Lying) -> None:
    for query in ("", "?topic=", "?topic=sms.mt.request"):
        answer = served().get(f"/v1/letters{query}")
        assert (answer.status_code, "`topic` is none of" in answer.json()["error"]) == (404, True)


@pytest.mark.parametrize(
    "fault",
    [
        BrokerError("no broker answers at secret-host:9092"),
        KafkaException(KafkaError(KafkaError._TRANSPORT, "secret-host:9092")),
    ],
)
def test_without_kafka_it_says_so_and_names_no_machine(lying: Lying, fault: Exception) -> None:
    lying.fails = fault
    http = served()
    order = {"topic": TOPIC, "offset": 7}
    for answer in (
        http.get("/v1/letters", params={"topic": TOPIC}),
        http.post("/v1/letters/replay", json=order, headers=GRANTED),
        http.post("/v1/letters/skip", json=order, headers=GRANTED),
    ):
        assert (answer.status_code, "secret-host" in answer.text) == (503, False)
        assert "Kafka has not answered" in answer.json()["error"]


@contextmanager
def looking(http: TestClient, lying: Lying) -> Iterator[None]:
    """While somebody looks and Kafka does not answer."""
    inside, over = threading.Event(), threading.Event()
    answering = lying.documents

    def hang(*_: Any, **__: Any) -> list[Any]:
        inside.set()
        assert over.wait(30)
        return []

    letters.documents = hang  # type: ignore[assignment]
    first = threading.Thread(target=http.get, args=(f"/v1/letters?topic={TOPIC}",))
    first.start()
    assert inside.wait(30)
    letters.documents = answering  # type: ignore[assignment]
    try:
        yield
    finally:
        over.set()
        first.join(30)


def test_one_at_a_time_looks_or_deals_and_the_others_are_told(
    lying: Lying, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "TURN_S", 0.01)
    monkeypatch.setattr(letters, "LOOK_S", 0.01)
    http = served()
    with looking(http, lying):
        for answer in (
            http.get("/v1/letters", params={"topic": TOPIC}),
            http.post("/v1/letters/skip", json={"topic": TOPIC, "offset": 7}, headers=GRANTED),
        ):
            assert (answer.status_code, "ask again" in answer.json()["error"]) == (503, True)
    assert lying.dealt == []
    assert http.get("/v1/letters", params={"topic": TOPIC}).status_code == 200
