"""Dead letters in Kafka: those nobody has dealt with, and dealing with them, one after the other.

A group of its own has committed those that are dealt with. What goes again and its offset are one
transaction, and who deals with a topic fences off whoever began before: so each goes once.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition

from pipeline.burials import OPEN_MS_MAX, Again, Letter, Stays, again, document
from pipeline.codec import Codec
from pipeline.config import Config, KafkaConfig
from pipeline.errors import BrokerError
from pipeline.kafka.clients import (
    REQUEST_TIMEOUT_S,
    headers_of,
    known_topics,
    make_consumer,
    make_transactional_producer,
    now_ms,
    patiently,
    produce,
)
from pipeline.kafka.groups import partition_counts
from pipeline.kafka.lag import Place, begins, ends, open_from
from pipeline.kafka.reader import read_to_end

GROUP = "operator"
BATCH = 100  # letters a transaction
OCTETS_MAX = 1 << 14  # of a letter that is shown with others
PARTITION = 0  # these topics have one

Decide = Callable[[Letter], Again | Stays]


class Dealt(NamedTuple):
    """What became of a letter: `is_over` of one that is not asked for again."""

    letter: Letter
    decided: Again | Stays
    is_over: bool


class Dealings(NamedTuple):
    """How many went again, how many were skipped; and the last one, which may have stayed."""

    replayed: int = 0
    skipped: int = 0
    last: Dealt | None = None

    def plus(self, more: Sequence[Dealt]) -> "Dealings":
        """These, and `more`: one at least."""
        over = sum(one.is_over for one in more)
        replayed = sum(isinstance(one.decided, Again) for one in more)
        return Dealings(self.replayed + replayed, self.skipped + over - replayed, more[-1])


def filled(kafka: KafkaConfig, names: Iterable[str]) -> list[str]:
    """Those of these topics that hold anything; raises BrokerError."""
    consumer = make_consumer(kafka, GROUP)
    try:
        there = known_topics(consumer, kafka)
        places: list[Place] = [(name, PARTITION) for name in names if name in there]
        first = patiently(lambda: begins(consumer, places))()
        after = patiently(lambda: ends(consumer, places))()
    except KafkaException as error:
        raise BrokerError(f"offsets of dead letters can't be read: {error}") from error
    finally:
        consumer.close()
    return [place[0] for place in places if first[place] < after[place]]


def letters(kafka: KafkaConfig, topic: str, *, with_all: bool = False) -> Iterator[Letter]:
    """Those that are open, the oldest first, or all there are. Raises BrokerError.

    What has lain for longer than OPEN_MS_MAX is not open, whether dealt with or not.
    """
    if topic not in partition_counts(kafka):
        return  # nobody has made it yet
    starts = None if with_all else {(topic, PARTITION): _begin(kafka, topic)}
    for message in read_to_end(kafka, [topic], starts=starts, patience_s=REQUEST_TIMEOUT_S):
        yield _letter(message)


def documents(
    config: Config,
    codec: Codec,
    topic: str,
    count: int,
    *,
    is_masked: bool,
    offset: int | None = None,
    with_all: bool = False,
) -> list[dict[str, Any]]:
    """The first so many as documents, or the one at `offset`, each with what would become of it.

    One alone is whole; several are cut, each, to OCTETS_MAX. Raises BrokerError.
    """
    decide, found = decision(config, codec), list[dict[str, Any]]()
    octets_max = OCTETS_MAX if offset is None else None
    for letter in letters(config.kafka, topic, with_all=with_all or offset is not None):
        if offset is not None and letter.offset != offset:
            continue
        decided = decide(letter)
        why_not = decided.why if isinstance(decided, Stays) else None
        may = {"may_go": why_not is None, "why_not": why_not}
        found.append(document(letter, codec, octets_max, is_masked=is_masked) | may)
        if len(found) == count or offset is not None:
            break
    return found


def decision(config: Config, codec: Codec) -> Decide:
    """What becomes of a letter now."""

    def validity_s(tenant: str) -> int | None:
        own = config.tenants.get(tenant)
        return None if own is None else own.validity_s

    return lambda letter: again(letter, codec, validity_s, now_ms())


def deal(
    kafka: KafkaConfig,
    topic: str,
    decide: Decide,
    count: int,
    *,
    skips: bool = False,
    expected: int | None = None,
) -> Dealings:
    """Deal with the first so many: each goes again as `decide` says, in order.

    It ends at the first that stays, which stays open; with `skips` it counts as dealt with. With
    `expected` nothing happens unless the first one open has that offset. Raises BrokerError.
    """
    dealt = Dealings()
    try:
        producer = make_transactional_producer(kafka, f"{GROUP}-{topic}")
        consumer = make_consumer(kafka, GROUP)  # of which no member is made
        try:
            found = islice(letters(kafka, topic), count)
            while batch := list(islice(found, BATCH)):
                if expected is not None and dealt.last is None and batch[0].offset != expected:
                    break
                own = _decided(batch, decide, skips=skips)
                over = [one for one in own if one.is_over]
                if over:
                    _write(producer, consumer, over)
                dealt = dealt.plus(own)
                if len(over) < len(batch):
                    break
        finally:
            consumer.close()
    except KafkaException as error:
        raise BrokerError(
            f"Kafka has not taken all of it: look what is still open, and go on ({error})"
        ) from error
    return dealt


def _decided(batch: Sequence[Letter], decide: Decide, *, skips: bool) -> list[Dealt]:
    """What becomes of these, up to the first that stays."""
    found = []
    for letter in batch:
        decided = decide(letter)
        is_over = skips or isinstance(decided, Again)
        found.append(Dealt(letter, decided, is_over))
        if not is_over:
            break
    return found


def _write(producer: Producer, consumer: Consumer, over: Sequence[Dealt]) -> None:
    """What goes again, and up to where all is dealt with: both or neither."""
    last = over[-1].letter
    producer.begin_transaction()
    try:
        for one in over:
            if isinstance(one.decided, Again):
                topic, key, octets, headers = one.decided
                produce(producer, topic, key, octets, headers=headers)
        producer.send_offsets_to_transaction(
            [TopicPartition(last.topic, PARTITION, last.offset + 1)],
            consumer.consumer_group_metadata(),
            REQUEST_TIMEOUT_S,
        )
    except BaseException:
        producer.abort_transaction(REQUEST_TIMEOUT_S)
        raise
    producer.commit_transaction(REQUEST_TIMEOUT_S)


def _begin(kafka: KafkaConfig, topic: str) -> int:
    """The first offset that is open."""
    place: Place = (topic, PARTITION)
    consumer = make_consumer(kafka, GROUP)
    try:
        found = patiently(lambda: open_from(consumer, [place], now_ms() - OPEN_MS_MAX))()
    except KafkaException as error:
        raise BrokerError(f"offsets of group {GROUP} can't be read: {error}") from error
    finally:
        consumer.close()
    return found[place]


def _letter(message: Message) -> Letter:
    return Letter(
        message.topic() or "",
        message.offset() or 0,
        message.timestamp()[1],
        message.key(),
        message.value(),
        headers_of(message) or [],
    )
