"""Rows of several topics that can be read all at once or not at all, for tools."""

from collections.abc import Iterable
from uuid import uuid4

from confluent_kafka import KafkaException

from pipeline.config import KafkaConfig
from pipeline.errors import BrokerError
from pipeline.kafka.clients import REQUEST_TIMEOUT_S, make_transactional_producer, produce


def write_bundle(kafka: KafkaConfig, rows: Iterable[tuple[str, str, bytes | None]]) -> None:
    """Write each row to its topic, by key, in one transaction; None deletes the one of that key.

    Raises BrokerError unless Kafka says that it has all; what `rows` raises passes on. Then nobody
    sees any of them, unless it was that answer that was lost.
    """
    try:
        producer = make_transactional_producer(kafka, f"bundle-{uuid4()}")  # nobody's earlier life
        producer.begin_transaction()
        try:
            for topic, key, octets in rows:
                produce(producer, topic, key, octets)
        except BaseException:
            producer.abort_transaction(REQUEST_TIMEOUT_S)
            raise
        producer.commit_transaction(REQUEST_TIMEOUT_S)
    except KafkaException as error:
        raise BrokerError(
            f"Kafka does not say that it has taken it; look, and try again if not ({error})"
        ) from error
