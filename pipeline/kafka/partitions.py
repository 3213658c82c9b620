"""In which partition a key is: where murmur2 puts it, as producers of ours and of Java do."""

from collections.abc import Mapping

from confluent_kafka import OFFSET_BEGINNING

from pipeline.config import KafkaConfig
from pipeline.kafka.groups import partition_counts
from pipeline.kafka.lag import Place
from pipeline.kafka.reader import offsets_at

SEED = 0x9747B28C
M, R = 0x5BD1E995, 24
WORD = 0xFFFFFFFF


def partition_of(key: bytes, partitions: int) -> int:
    """The partition of `key`, which is not empty, in a topic of so many."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def starts_of(
    kafka: KafkaConfig, topic: str, key: str, since_ms: int | None = None
) -> Mapping[Place, int]:
    """Where to read what `topic` has under `key`, of all that it has or since then.

    Empty for a topic that is not there. Raises BrokerError.
    """
    partitions = partition_counts(kafka).get(topic)
    if not partitions:
        return {}
    place = topic, partition_of(key.encode(), partitions)
    if since_ms is None:
        return {place: OFFSET_BEGINNING}
    return {place: offsets_at(kafka, topic, since_ms)[place]}


def murmur2(octets: bytes) -> int:
    """The hash that Kafka's producers take, of 32 bits."""
    whole = len(octets) & ~3
    found = SEED ^ len(octets)
    for at in range(0, whole, 4):
        word = int.from_bytes(octets[at : at + 4], "little") * M & WORD
        found = (found * M & WORD) ^ ((word ^ word >> R) * M & WORD)
    if rest := octets[whole:]:
        found = (found ^ int.from_bytes(rest, "little")) * M & WORD
    found = (found ^ found >> 13) * M & WORD
    return found ^ found >> 15
