"""Offsets that a broker has left pending when it restarted in the middle of our transactions.

It happens (Kafka 4.3, once in some twenty restarts under load): the transaction is over, yet the
coordinator of the group keeps the offsets it brought as pending, for ever. Then nobody who reads
what is committed is told where the group stands (UNSTABLE_OFFSET_COMMIT), and no member can begin.
The coordinator keeps them by producer id, which is that of the transactional.id through all lives
of a replica: the end of any other transaction of it with that group takes them away.
"""

from confluent_kafka import Producer, TopicPartition

from pipeline.config import KafkaConfig
from pipeline.kafka.clients import REQUEST_TIMEOUT_S, make_consumer, request_timeout_s
from pipeline.transactions import watched


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
