"""What a broker has left pending when it restarted in the middle of our transactions.

Markers. A commit is answered before they are in every partition it wrote to, and who reads what is
committed is told that a partition ends where its oldest open transaction begins. A state recovered
up to there lacks the last transaction, or is refused as being ahead of its changelog (seen once, of
some hundred restarts under load). So whoever takes a changelog waits until it is settled.

Some are never written: the transaction is over, yet a partition keeps it open for ever (as seldom;
a router stood there for 90 s). The next transaction of the same producer id that writes there ends
it too.

Offsets (Kafka 4.3, once in some twenty restarts under load). The transaction is over, yet the
coordinator of the group keeps the offsets it brought as pending, for ever. Then nobody who reads
what is committed is told where the group stands (UNSTABLE_OFFSET_COMMIT), and no member can begin.
The coordinator keeps them by producer id, which is that of the transactional.id through all lives
of a replica: the end of any other transaction of it with that group takes them away.
"""

import time
from collections.abc import Iterable, Sequence

import msgspec
from confluent_kafka import Consumer, Producer, TopicPartition

from pipeline.config import KafkaConfig
from pipeline.effects import Headers
from pipeline.errors import BrokerError
from pipeline.kafka.clients import (
    REQUEST_TIMEOUT_S,
    TRANSACTION_TIMEOUT_MS,
    known_topics,
    make_consumer,
    make_transactional_producer,
    patiently,
    request_timeout_s,
)
from pipeline.kafka.lag import Place, ends
from pipeline.topics import changelog_of
from pipeline.transactions import watched

SETTLE_S = 3 * TRANSACTION_TIMEOUT_MS / 1000  # a broker looks for those timed out every 10 s
LOOK_EVERY_S = 0.1
NEVER = 2**62  # an offset that no group commits


def begin_anew(kafka: KafkaConfig, replica: str, group: str, topic: str) -> Producer:
    """A producer of `replica`, whose earlier lives are fenced off and have left nothing pending in
    `group`, which reads `topic`.

    Raises KafkaException, and ends the process when Kafka does not answer.
    """
    producer = watched(make_transactional_producer, REQUEST_TIMEOUT_S)(kafka, replica)
    drop_pending(producer, kafka, group, topic)
    return producer


def close_hanging(producer: Producer, kafka: KafkaConfig, group: str, topic: str) -> None:
    """What earlier lives of `producer` left open in the changelog of `topic` is ended.

    By a record that no recovery applies, in a transaction that is committed: which of the records
    before it count, their own headers say, against what the group has committed.
    """
    changelog = changelog_of(group, topic)
    reader = make_consumer(kafka, group)  # of which no member is made
    try:
        known = known_topics(reader, kafka).get(changelog)
        places = [(changelog, number) for number in known.partitions] if known else []
        written = _ends_of_all(kafka, group, places)
        open_in = _behind(patiently(ends)(reader, places), written)
    finally:
        reader.close()
    if not open_in:
        return
    never = msgspec.json.encode({topic: NEVER})
    headers: Headers = [("__column_family__", b"default"), ("__processed_tp_offsets__", never)]
    producer.begin_transaction()
    for name, number in open_in:
        producer.produce(name, None, b"hanging", partition=number, headers=headers)
    watched(producer.commit_transaction, request_timeout_s(kafka))(REQUEST_TIMEOUT_S)


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
    written = _ends_of_all(kafka, group, places)
    deadline = time.monotonic() + SETTLE_S
    while unsettled := _behind(patiently(ends)(consumer, places), written):
        if time.monotonic() > deadline:
            named = ", ".join(f"{topic}[{number}]" for topic, number in unsettled)
            raise BrokerError(
                f"{named}: a transaction is open since {SETTLE_S:.0f} s; if nobody ends it, "
                "find it by kafka-transactions.sh find-hanging, and abort it"
            )
        time.sleep(LOOK_EVERY_S)


def _ends_of_all(kafka: KafkaConfig, group: str, places: Sequence[Place]) -> dict[Place, int]:
    """The ends of what is written, committed or not."""
    everything = make_consumer(kafka, group, isolation_level="read_uncommitted")
    try:
        return patiently(ends)(everything, places)
    finally:
        everything.close()


def _behind(committed: dict[Place, int], written: dict[Place, int]) -> list[Place]:
    return [place for place, end in written.items() if committed[place] < end]
