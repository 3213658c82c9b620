"""Publishes one request, as any other system would."""

import uuid

from pipeline import topics
from pipeline.config import Config
from pipeline.errors import BrokerError, ConfigError
from pipeline.ids import MessageId
from pipeline.kafka.clients import make_producer, produce
from pipeline.process import make_codec
from pipeline.records import MtRequest

TIMEOUT_S = 10


def publish(
    config: Config,
    *,
    to: str,
    text: str,
    sender: str | None,
    message_id: str | None,
    tenant: str = topics.DEFAULT_TENANT,
) -> MessageId:
    """Write one request; returns its message_id once Kafka has it. Raises BrokerError."""
    name = MessageId(message_id or str(uuid.uuid4()))
    request = MtRequest(message_id=name, to=to, text=text, from_=sender)
    if tenant not in config.tenants:
        raise ConfigError([f"tenants.{tenant}: there is none; {', '.join(config.tenants)}"])
    topic = topics.request(tenant, "normal")
    octets = make_codec(config).encode(request, topic)
    producer = make_producer(config.kafka, message_timeout_ms=TIMEOUT_S * 1000)
    refusals: list[str] = []  # empty text: Kafka has it
    produce(
        producer,
        topic,
        name,
        octets,
        on_delivery=lambda error, _: refusals.append(str(error) if error else ""),
    )
    producer.flush(2 * TIMEOUT_S)
    if refusals != [""]:
        why = refusals[0] if refusals else "no answer"
        raise BrokerError(f"no broker at {config.kafka.bootstrap_servers} took the request: {why}")
    return name
