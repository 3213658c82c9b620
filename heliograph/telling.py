"""Rows that an operator writes to one topic, all of them confirmed."""

from collections.abc import Iterable

from pipeline.config import Config
from pipeline.errors import HeliographError
from pipeline.kafka.clients import make_producer, produce
from pipeline.process import make_codec
from pipeline.records import Record

CONFIRM_TIMEOUT_S = 60
ROW_OCTETS_MAX = 16 * 1024 * 1024  # before compression; what comes of it, brokers judge


def tell(config: Config, topic: str, rows: Iterable[tuple[str, Record | None]]) -> None:
    """Write these by key, None to delete one; raises HeliographError unless Kafka has all.

    Then some may be written: no transaction holds them together, and the caller may try again.
    """
    producer = make_producer(config.kafka, message_max_bytes=ROW_OCTETS_MAX)
    codec, refusals = make_codec(config), list[object]()
    for key, row in rows:
        produce(
            producer,
            topic,
            key,
            None if row is None else codec.encode(row, topic),
            on_delivery=lambda error, _: refusals.append(error) if error else None,
        )
    if producer.flush(CONFIRM_TIMEOUT_S) or refusals:
        why = refusals[0] if refusals else "no answer"
        raise HeliographError(f"Kafka has not taken all of it, try again: {why}")
