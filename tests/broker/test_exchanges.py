"""The PDUs of one SMS are found where its records are, and what is not there is said."""

from typing import Any

import pytest

from heliograph.exchanges import GONE, SECRET, Exchange, exchanges
from pipeline import topics
from pipeline.codec import Codec
from pipeline.config import Config, KafkaConfig
from pipeline.errors import HeliographError
from pipeline.ids import ConnectorId, SmscMessageId
from pipeline.kafka.admin import create_topics
from pipeline.kafka.clients import make_producer, now_ms, produce
from pipeline.kafka.reader import read_to_end
from pipeline.process import catalog
from pipeline.records import Encrypted, MtSubmit, Record
from smpp.pdu import DeliverSm, SubmitSm, SubmitSmResp
from smpp.wire import decode
from tests.builders import dlr, mt_submit, mt_submitted, smsc_deliver
from tests.heliograph.test_pdus import HANDSET, RECEIPT, reported

CODEC = Codec()
SLOW = ConnectorId("slow")
SUBMIT = topics.submit(SLOW, 1, priority=False)
SEALED = Encrypted(key_id="k", nonce=b"n", ciphertext=b"c")


@pytest.fixture(scope="module")
def config(own_kafka: KafkaConfig) -> Config:
    """m1 was answered and has a receipt; m2's answer and record are lost; m3's text is sealed."""
    account = {"hosts": "127.0.0.1", "system_id": "me", "password": "secret", "rate_per_s": 1}
    own = Config.model_validate(
        {"dev": True, "kafka": own_kafka.model_dump(), "connectors": {SLOW: account}}
    )
    create_topics(own_kafka, catalog(own))
    submits = mt_submit("other"), mt_submit("m1"), mt_submit("m3", short_message=SEALED)
    write(own_kafka, SUBMIT, HANDSET, *submits)
    at_ms, places = now_ms(), written(own_kafka)

    def tell(name: str, **fields: Any) -> None:
        """A fact of one, told twice: it is one."""
        partition, offset = places.get(name, (0, 1_000_000))
        fact = mt_submitted(
            name,
            **{
                "connector": SLOW,
                "submit_partition": partition,
                "submit_offset": offset,
                "submitted_ms": at_ms - 20,
                "answered_ms": at_ms - 10,
                **fields,
            },
        )
        write(own_kafka, topics.TRACKER_IN, name, fact, fact)

    tell("m1")
    tell("m2", outcome="unknown", reason="link_lost", command_status=None)
    tell("m3", outcome="rejected", command_status=0x0B, smsc_message_id=None)
    tell("old", submit_offset=-1)  # imported: another gateway has written it
    receipt = reported(received_ms=at_ms)
    answer = smsc_deliver(received_ms=at_ms, handset="46709999999", short_message=b"hello")
    write(own_kafka, topics.CORRELATOR_IN, HANDSET, answer, receipt)
    joined = dlr("m1", connector=SLOW, smsc_message_id=SmscMessageId("1a2b"), received_ms=at_ms)
    write(own_kafka, topics.TRACKER_IN, "m1", joined)
    return own


def write(kafka: KafkaConfig, topic: str, key: str, *records: Record) -> None:
    producer = make_producer(kafka)
    for record in records:
        produce(producer, topic, key, CODEC.encode(record, topic))
    assert producer.flush(15) == 0


def written(kafka: KafkaConfig) -> dict[str, tuple[int, int]]:
    """Where the submit record of each message stands: partition and offset."""
    return {
        CODEC.decode(m.value(), MtSubmit).message_id: (m.partition() or 0, m.offset() or 0)
        for m in read_to_end(kafka, [SUBMIT])
    }


def told(config: Config, wanted: str, *, is_masked: bool = True) -> list[tuple[str, str | None]]:
    found = exchanges(config, wanted, is_masked=is_masked)
    return [(one.command, one.note) for one in found]


def pdus(found: list[Exchange]) -> list[Any]:
    return [decode(one.octets) for one in found if one.octets is not None]


def test_what_was_written_answered_and_reported_is_there_in_its_order(config: Config) -> None:
    assert told(config, "m1") == [
        ("submit_sm", None),
        ("submit_sm_resp", None),
        ("deliver_sm", None),
    ]
    submit, answer, deliver = pdus(exchanges(config, "m1", is_masked=False))
    assert isinstance(submit, SubmitSm)
    assert (submit.destination_addr, submit.short_message) == (HANDSET, b"hello")
    assert isinstance(answer, SubmitSmResp)
    assert answer.message_id == "1a2b"
    assert isinstance(deliver, DeliverSm)
    assert deliver.short_message == RECEIPT


def test_masked_no_number_and_no_text_is_in_it(config: Config) -> None:
    for one in exchanges(config, "m1", is_masked=True):
        assert one.octets is not None
        assert HANDSET.encode() not in one.octets
        assert b"hello" not in one.octets
        assert HANDSET not in str(one.document())


def test_what_is_not_there_any_more_is_said(config: Config) -> None:
    assert told(config, "m2") == [("submit_sm", GONE), ("submit_sm_resp", "no answer: link_lost")]
    assert told(config, "m3") == [("submit_sm", SECRET), ("submit_sm_resp", None)]
    (answer,) = pdus(exchanges(config, "m3", is_masked=True))
    assert answer.command_status == 0x0B


@pytest.mark.parametrize("wanted", ["nobody", "old", "46701111111"])
def test_of_what_we_have_not_written_there_is_nothing(config: Config, wanted: str) -> None:
    with pytest.raises(HeliographError, match="has been written to a carrier"):
        exchanges(config, wanted, is_masked=True)
