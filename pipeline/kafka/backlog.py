"""What a consumer group has still to read, record by record.

The difference of two offsets is not it, for the markers of transactions take offsets too: so where
there is a difference, the records behind the committed offset are read.
"""

from collections.abc import Callable, Sequence

from confluent_kafka import Message

from pipeline.config import KafkaConfig
from pipeline.kafka.groups import starts
from pipeline.kafka.reader import read_to_end


def backlog(
    kafka: KafkaConfig,
    group: str,
    topics: Sequence[str],
    *,
    counts: Callable[[Message], bool] = lambda _: True,
) -> int:
    """Records that `group` has not committed, of `topics` and of what it ever committed.

    Only those that `counts` says count; where nothing was committed, from the first record on.
    Raises BrokerError.
    """
    where = starts(kafka, group, topics, with_others=True)
    there = list({topic for topic, _ in where})
    return sum(counts(message) for message in read_to_end(kafka, there, starts=where))
