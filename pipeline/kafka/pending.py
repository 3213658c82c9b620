"""What a broker has left pending when it restarted in the middle of our transactions.

Markers. A commit is answered before they are in every partition it wrote to, and who reads what is
committed is told that a partition ends where its oldest open transaction begins. A state recovered
up to there lacks the last transaction, or is refused as being ahead of its changelog (seen once, of
some hundred restarts under load). So whoever takes a changelog waits until it is settled.

Offsets (Kafka 4.3, once in some twenty restarts under load). The transaction is over, yet the
coordinator of the group keeps the offsets it brought as pending, for ever. Then nobody who reads
what is committed is told where the group stands (UNSTABLE_OFFSET_COMMIT), and no member can begin.
The coordinator keeps them by producer id, which is that of the transactional.id through all lives
of a replica: the end of any other transaction of it with that group takes them away.
"""

import time
from collections.abc import Iterable

from confluent_kafka import Consumer, Producer, TopicPartition

from pipeline.config import KafkaConfig
from pipeline.errors import BrokerError
from pipeline.kafka.clients import (
    REQUEST_TIMEOUT_S,
    TRANSACTION_TIMEOUT_MS,
    make_consumer,
    make_transactional_producer,
    patiently,
    request_timeout_s,
)
from pipeline.kafka.lag import Place, ends
from pipeline.transactions import watched

SETTLE_S = 3 * TRANSACTION_TIMEOUT_MS / 1000  # a broker looks for those timed out every 10 s
LOOK_EVERY_S = 0.1


def begin_anew(kafka: KafkaConfig, replica: str, group: str, topic: str) -> Producer:
    """A producer of `replica`, whose earlier lives are fenced off and have left nothing pending in
    `group`, which reads `topic`.

    Raises KafkaException, and ends the process when Kafka does not answer.
    """
    producer = watched(make_transactional_producer, REQUEST_TIMEOUT_S)(kafka, replica)
    drop_pending(producer, kafka, group, topic)
    return producer


def drop_pending(producer: Producer, kafka: KafkaConfig, group: str, topic: str) -> None:
    """What earlier lives of `producer` left pending in `group`, which reads `topic`, is dropped.

    `producer` has no transaction open. What was left counts as not committed: it is read again, and
    known as a repeat. Raises KafkaException, and ends the process when Kafka does not answer.
    """
    consumer = make_consumer(kafka, group)  # of which no member is made
    limit_s = request_timeout_s(kafka)
    try:
        producer.begin_transaction()
        watched(producer.send_offsets_to_transaction, limit_s)(
            [TopicPartition(topic, 0, 0)], consumer.consumer_group_metadata(), REQUEST_TIMEOUT_S
        )
        watched(producer.abort_transaction, limit_s)(REQUEST_TIMEOUT_S)
    finally:
        consumer.close()


def await_settled(
    consumer: Consumer, kafka: KafkaConfig, group: str, places: Iterable[Place]
) -> None:
    """Wait until no transaction that has written to `places` is open; `consumer` reads committed.

    Raises BrokerError when one stays open for SETTLE_S.
    """
    places = list(places)
    everything = make_consumer(kafka, group, isolation_level="read_uncommitted")
    try:
        written = patiently(ends)(everything, places)
    finally:
        everything.close()
    deadline = time.monotonic() + SETTLE_S
    while unsettled := _behind(patiently(ends)(consumer, places), written):
        if time.monotonic() > deadline:
            raise BrokerError(
                f"{unsettled}: a transaction is open since {SETTLE_S:.0f} s; if nobody ends it, "
                "find it by kafka-transactions.sh find-hanging, and abort it"
            )
        time.sleep(LOOK_EVERY_S)


def _behind(committed: dict[Place, int], written: dict[Place, int]) -> str:
    return ", ".join(f"{t}[{n}]" for (t, n), end in written.items() if committed[t, n] < end)
