"""`heliograph routes simulate`: what came lately by new rules, whatever lies between it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, get_args

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from heliograph import replay
from heliograph.cli import APP
from heliograph.local import EXAMPLE
from pipeline import topics
from pipeline.codec import Codec
from pipeline.errors import HeliographError
from pipeline.ids import MessageId, Msisdn
from pipeline.records import (
    Encrypted,
    MtAdmitted,
    MtCommand,
    MtHead,
    MtReroute,
    OptOut,
    Record,
    Stop,
    Wake,
)
from services.router.core import RouterRecord
from tests.services.router.builders import NOW_MS, admitted, request

CONFIG = """
dev: true
connectors:
  fast: {hosts: 127.0.0.1, system_id: me, password: secret, rate_per_s: 1}
  slow: {hosts: 127.0.0.1, system_id: me, password: secret, rate_per_s: 1}
profiles: {sar: {segmentation: sar, octets_per_segment: 70}}
tenants:
  default: {senders: [ACME], country: SE}
  bank: {senders: [BANK], countries: [SE]}
"""
OLD = """
version: "1"
rules: [{name: all, prefix: "", connectors: [{name: fast, price: "0.02"}]}]
"""
NEW = """
version: "2"
rules:
  - {name: sweden, prefix: "46", connectors: [{name: slow, price: "0.015"}]}
  - {name: norway, prefix: "47", reject: closed}
  - name: finland
    prefix: "358"
    connectors: [{name: fast, price: "0.02"}]
    set: {profile: sar, sender: [FIN]}
"""
HEAD = MtHead(
    message_id=MessageId("m1"),
    recipient=Msisdn("46701234567"),
    tenant="default",
    lane="normal",
    class_="transactional",
    requested_ms=NOW_MS,
)
COMMAND = MtCommand(
    head=HEAD, command_id="c", action="cancel", hop=0, asked_ms=NOW_MS, deadline_ms=NOW_MS
)
OTHERS: list[Record] = [
    COMMAND,
    replace(COMMAND, action="query"),
    MtReroute(head=HEAD, hop=1, asked_ms=NOW_MS),
    OptOut(recipient=Msisdn("46701234567"), action="out", source="mo", at_ms=NOW_MS),
    Wake(key="46701234567", kind="sent", what="x", set_ms=NOW_MS),
]


class Message(NamedTuple):
    """A record of a topic as Kafka gives it, as far as it is read here."""

    octets: bytes | None
    at_offset: int
    written: list[tuple[str, bytes]] | None = None

    def value(self) -> bytes | None:
        return self.octets

    def headers(self) -> list[tuple[str, bytes]] | None:
        return self.written

    def partition(self) -> int:
        return 3

    def offset(self) -> int:
        return self.at_offset

    def timestamp(self) -> tuple[int, int]:
        return 1, NOW_MS


class Pipeline:
    """What `routes simulate` tells of a topic that holds these records."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, text in (("heliograph", CONFIG), ("routes", OLD), ("new", NEW)):
            (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        self.folder = folder
        self.monkeypatch = monkeypatch
        self.asked: list[str] = []
        self.is_example = False

    def told(self, *records: Record | bytes | None, topic: str | None = None) -> list[str]:
        codec = Codec()

        def read(_kafka: object, names: list[str]) -> Iterator[Message]:
            self.asked += names
            for offset, record in enumerate(records):
                octets = codec.encode(record, names[0]) if isinstance(record, Record) else record
                yield Message(octets, offset)

        self.monkeypatch.setattr(replay, "read_to_end", read)
        where = [] if self.is_example else ["--config", str(self.folder / "heliograph.yaml")]
        where += [] if topic is None else ["--from-topic", topic]
        found = CliRunner().invoke(APP, ["routes", "simulate", f"{self.folder}/new.yaml", *where])
        if found.exception is not None:
            raise found.exception
        return found.output.splitlines()


@pytest.fixture
def pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    return Pipeline(tmp_path, monkeypatch)


def asked(recipient: str = "46701234567", tenant: str = "default", **more: Any) -> MtAdmitted:
    return admitted(request(**more), recipient=recipient, tenant=tenant)


def test_every_record_that_the_router_reads_may_lie_between(pipeline: Pipeline) -> None:
    assert {type(record) for record in OTHERS} == {*get_args(RouterRecord)} - {MtAdmitted}
    (topic,) = (topic for topic in topics.catalog({}) if topic.name == "sms.router.in")
    assert {kind.__name__ for kind in get_args(RouterRecord)} == set(topic.records)
    stop = Stop(action="pause", at_ms=NOW_MS)  # of another topic
    between = (*OTHERS, b"rubbish", b"", None, stop)
    assert pipeline.told(asked(), *between, replace(asked(), due=True), asked("4790000000")) == [
        "2 messages, 2 of them go another way",
        "  fast -> slow: 1",
        "  fast -> closed: 1",
        "cost 0.04 -> 0.015, 0 without a price",
        "10 records passed over: 2 MtCommand, 1 MtReroute, 1 OptOut, 1 Wake, 1 that come back,"
        " 4 unreadable",
    ]
    assert pipeline.asked == ["sms.router.in"]


@pytest.mark.parametrize(
    ("record", "lines"),
    [
        (asked(), ["1 messages, 1 of them go another way", "  fast -> slow: 1"]),
        (asked("358401234567"), ["1 messages, 0 of them go another way", "cost 0.02 -> 0.02"]),
        (
            asked("358401234567", text="x" * 100),  # one segment of 140 octets, two of 70
            ["1 messages, 0 of them go another way", "cost 0.02 -> 0.04"],
        ),
        (
            asked("4790000000", "bank"),
            ["1 messages, 0 of them go another way", "cost 0 -> 0"],
        ),
        (
            asked(from_="EVIL"),
            ["1 messages, 0 of them go another way", "cost 0 -> 0"],
        ),
        (
            asked(text=Encrypted(key_id="k", nonce=b"n", ciphertext=b"c")),
            ["1 messages, 0 of them go another way", "cost 0 -> 0"],
        ),
        (
            asked("15551234567"),
            ["1 messages, 1 of them go another way", "  fast -> no_route: 1"],
        ),
        (
            asked(tenant="gone"),
            [
                "0 messages, 0 of them go another way",
                "cost 0 -> 0, 0 without a price",
                "1 records passed over: 1 of tenants that are not configured",
            ],
        ),
    ],
)
def test_a_message_goes_as_a_router_would_have_it(
    pipeline: Pipeline, record: MtAdmitted, lines: list[str]
) -> None:
    told = pipeline.told(record)
    assert [line[: len(wanted)] for line, wanted in zip(told, lines, strict=False)] == lines


def test_a_request_topic_is_read_as_intake_would(pipeline: Pipeline) -> None:
    requests: list[dict[str, object]] = [
        {"to": "0701234567", "text": "national"},
        {"to": "+46701234567", "text": "no such class", "class": "spam"},
        {"to": "nobody", "text": "x"},
        {"to": 7},
        {"to": "+4790000000", "text": "abroad"},
    ]
    octets = [json.dumps(request).encode() for request in requests]
    wanted = [
        "2 messages, 2 of them go another way",
        "  fast -> slow: 1",
        "  fast -> closed: 1",
        "cost 0.04 -> 0.015, 0 without a price",
        "5 records passed over: 3 refused by intake, 2 unreadable",
    ]
    assert pipeline.told(*octets, b"{", asked(), topic="sms.mt.request") == wanted
    avro = request(to="+46701234567")
    assert pipeline.told(avro, topic="sms.mt.request.tenant.bank.bulk")[1:2] == [
        "  fast -> slow: 1"
    ]
    assert pipeline.asked == ["sms.mt.request", "sms.mt.request.tenant.bank.bulk"]


def test_the_routes_of_the_example_are_compared_with_others(pipeline: Pipeline) -> None:
    pipeline.is_example = True
    text = EXAMPLE.with_name("routes.yaml").read_text(encoding="utf-8")
    other = text.replace('prefix: "46"\n', 'prefix: "46"\n    strategy: cheapest\n')
    other = other.replace('price: "0.035"', 'price: "0.03"')
    assert other.count("cheapest") == 1
    (pipeline.folder / "new.yaml").write_text(other, encoding="utf-8")
    assert pipeline.told(asked(), asked(text="x" * 161), COMMAND, asked("46900123456")) == [
        "3 messages, 2 of them go another way",
        "  slow -> fast: 2",
        "cost 0.093 -> 0.09, 0 without a price",
        "1 records passed over: 1 MtCommand",
    ]


def test_a_topic_without_requests_is_refused_by_name(pipeline: Pipeline) -> None:
    with pytest.raises(HeliographError, match=r"--from-topic sms\.mo: holds no requests; take one"):
        pipeline.told(topic="sms.mo")
