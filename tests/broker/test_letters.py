"""Dead letters on the real broker: listed, shown, gone again once and in time, skipped."""

import json
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from confluent_kafka import TopicPartition
from starlette.applications import Starlette
from starlette.testclient import TestClient
from typer.testing import CliRunner

from heliograph.canaries import Canaries
from heliograph.cli import APP
from pipeline import topics
from pipeline.burials import Again, Letter
from pipeline.codec import Codec
from pipeline.config import Config, KafkaConfig
from pipeline.dead_letters import error_headers
from pipeline.effects import Headers
from pipeline.errors import BrokerError, UnreadableError
from pipeline.ids import id_at
from pipeline.kafka.clients import (
    Origin,
    headers_of,
    make_consumer,
    make_producer,
    now_ms,
    produce,
    watermarks,
)
from pipeline.kafka.letters import GROUP, deal, letters
from pipeline.kafka.reader import read_to_end
from pipeline.process import Process
from services.telemetry import letters as page
from services.telemetry.access import Access
from services.telemetry.config import TelemetryConfig
from services.telemetry.parts import Desk

CODEC = Codec()
ERROR = UnreadableError("unknown_schema", "no schema is known as c301")
DAY_MS = 86_400_000
NUMBER, TEXT = "46701234567", "a text that nobody else may read"
OWN: Headers = [("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
TOKEN = "a long secret"


class Lying:
    """The dead letters of one topic, and what has gone again to it since they were looked at."""

    def __init__(self, kafka: KafkaConfig, config: Path, topic: str) -> None:
        self.kafka, self.config, self.topic = kafka, config, topic
        self.dlq = topics.dlq_of(topic)
        self.canaries = Canaries([TEXT])
        self.canaries.note_number(NUMBER)
        consumer = make_consumer(kafka, GROUP)
        watermarks(consumer, TopicPartition(self.dlq, 0))  # the topic is new: it has a leader then
        consumer.close()

    def bury(self, octets: bytes | None, *, at_ms: int | None = None, place: int = 41) -> None:
        """As a reader writes one; `at_ms` is when its topic had it."""
        origin = Origin(self.topic, 3, place, now_ms() if at_ms is None else at_ms, OWN)
        producer = make_producer(self.kafka)
        headers = error_headers(origin, "intake", ERROR)
        produce(producer, self.dlq, NUMBER, octets, headers=headers)
        assert producer.flush(15) == 0

    def ask(self, action: str, *options: str, code: int = 0) -> str:
        """What the command says, which shows nothing of a person."""
        about = [] if action == "list" else [self.dlq]
        arguments = ["dlq", action, *about, *options, "--config", str(self.config)]
        found = CliRunner().invoke(APP, arguments)
        assert found.exit_code == code, (found.output, found.exception)
        assert self.canaries.search([("output", [found.output])]).found == 0
        return found.stdout

    def told(self, action: str, *options: str, code: int = 0) -> Any:
        return json.loads(self.ask(action, *options, "--json", code=code))

    def open(self) -> list[Letter]:
        return list(letters(self.kafka, self.dlq))

    def gone(self) -> list[Any]:
        """What has gone again, as Kafka has it."""
        return list(read_to_end(self.kafka, [self.topic]))


@pytest.fixture
def lying(own_kafka: KafkaConfig, tmp_path: Path, request: pytest.FixtureRequest) -> Lying:
    """Each test has a lane or topic of its own."""
    config = tmp_path / "heliograph.yaml"
    where = f"kafka: {{bootstrap_servers: '{own_kafka.bootstrap_servers}'}}\n"
    config.write_text(f"dev: true\ntenants: {{default: {{validity_s: 86400}}}}\n{where}")
    return Lying(own_kafka, config, request.param)


def request_of(**fields: Any) -> bytes:
    return json.dumps({"to": f"+{NUMBER}", "text": TEXT, **fields}).encode()


@pytest.mark.parametrize("lying", [topics.MT_REQUEST], indirect=True)
def test_a_letter_goes_again_once_with_its_headers_and_the_time_it_has_left(lying: Lying) -> None:
    assert lying.ask("list").endswith("no dead letters\n")  # a topic without a leader is said
    assert lying.told("show") == []
    lying.bury(request_of(validity_s=7200), at_ms=now_ms() - 3_600_000)
    lying.bury(request_of(message_id="second"), place=42)
    (pile,) = lying.told("list", code=1)
    assert (pile["topic"], pile["open"], pile["reasons"]) == (lying.dlq, 2, {"unknown_schema": 2})
    assert "2, the oldest of" in lying.ask("list", code=1)
    first, second = lying.told("show")
    assert (first["may_go"], first["was"]["offset"], first["key"]) == (True, 41, "46…567")
    assert lying.told("show", "--offset", str(second["offset"])) == [second]
    assert "may go again" in lying.ask("show", "--count", "1")

    assert lying.told("replay") == {
        "topic": lying.dlq,
        "replayed": 1,
        "skipped": 0,
        "stays": None,
    }
    (message,) = lying.gone()
    found = CODEC.decode_request(message.value(), headers_of(message))
    assert found.message_id == id_at(topics.MT_REQUEST, 3, 41)
    assert 3500 < (found.validity_s or 0) <= 3600
    assert (message.key(), headers_of(message)) == (NUMBER.encode(), OWN)
    assert [letter.offset for letter in lying.open()] == [second["offset"]]

    assert "1 go again, 0 skipped" in lying.ask("replay", "--all")
    assert lying.told("replay", "--all")["replayed"] == 0
    assert [CODEC.decode_request(m.value()).message_id for m in lying.gone()] == [
        id_at(topics.MT_REQUEST, 3, 41),
        "second",
    ]
    assert lying.ask("list").endswith("no dead letters\n")  # a topic without a leader is said
    assert len(lying.told("show", "--all")) == 2


@pytest.mark.parametrize("lying", [topics.MT_REQUEST_BY_LANE["bulk"]], indirect=True)
def test_what_is_late_or_unreadable_stays_until_it_is_skipped(lying: Lying) -> None:
    lying.bury(request_of(), at_ms=now_ms() - 2 * DAY_MS)
    lying.bury(f"{{{NUMBER} {TEXT}".encode())
    lying.bury(request_of())
    told = lying.told("replay", "--all", code=1)
    assert (told["replayed"], "its validity is over" in told["stays"]) == (0, True)
    assert f"heliograph dlq skip {lying.dlq}" in told["stays"]
    assert lying.gone() == []
    assert "1 skipped" not in lying.ask("replay", code=1)
    assert lying.told("skip", "--yes")["skipped"] == 1
    assert "it still can't be read (not_json)" in lying.ask("replay", code=1)
    assert lying.told("replay", "--all", "--skip") == {
        "topic": lying.dlq,
        "replayed": 1,
        "skipped": 1,
        "stays": None,
    }
    assert (len(lying.gone()), lying.open()) == (1, [])


@pytest.mark.parametrize("lying", [topics.MT_REQUEST_BY_LANE["priority"]], indirect=True)
def test_two_who_replay_at_once_have_it_go_once(lying: Lying) -> None:
    for place in range(30):
        lying.bury(request_of(), place=place)

    def again(letter: Letter) -> Again:
        return Again(lying.topic, letter.key, letter.octets, [])

    def replay() -> None:
        with suppress(BrokerError):  # fenced off by whoever began later
            deal(lying.kafka, lying.dlq, again, 30)

    at_once = [threading.Thread(target=replay) for _ in range(3)]
    for one in at_once:
        one.start()
    for one in at_once:
        one.join(60)
    deal(lying.kafka, lying.dlq, again, 30)
    assert (len(lying.gone()), lying.open()) == (30, [])


@pytest.mark.parametrize("lying", ["sms.command"], indirect=True)
def test_the_page_deals_with_the_oldest_and_with_no_other(lying: Lying) -> None:
    own = TelemetryConfig(token=TOKEN)  # type: ignore[arg-type]
    ground = type("Ground", (), {"config": Config(kafka=lying.kafka), "codec": CODEC})
    desk = Desk(cast(Process, ground), own, Access(own), cast(Any, None))
    http = TestClient(Starlette(routes=list(page.part(desk).routes)))
    headers = {"authorization": f"Bearer {TOKEN}"}
    for number in (1, 2):
        lying.bury(msgspec.json.encode({"message_id": f"m{number}", "action": "query"}))
    shown = http.get("/v1/letters", params={"topic": lying.dlq}).json()["letters"]
    assert [one["may_go"] for one in shown] == [True, True]
    orders = [{"topic": lying.dlq, "offset": one["offset"]} for one in shown]

    def press(action: str, number: int) -> int:
        answer = http.post(f"/v1/letters/{action}", json=orders[number], headers=headers)
        return answer.status_code

    assert (press("replay", 1), press("replay", 0), press("replay", 0)) == (409, 200, 409)
    assert press("skip", 1) == 200
    assert [CODEC.decode_command(m.value()).message_id for m in lying.gone()] == ["m1"]
    assert http.get("/v1/letters", params={"topic": lying.dlq}).json()["letters"] == []


def test_a_topic_that_nobody_has_made_has_none(own_kafka: KafkaConfig) -> None:
    assert list(letters(own_kafka, "sms.nothing.dlq")) == []
    assert GROUP == "operator"  # telemetry counts what it has not committed
