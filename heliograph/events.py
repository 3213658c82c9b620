"""What the topics say of one message: each read in the one partition where its key is."""

from collections.abc import Iterator

from pipeline import topics
from pipeline.codec import Codec
from pipeline.config import Config
from pipeline.errors import UnreadableError
from pipeline.ids import MessageId, Msisdn
from pipeline.kafka.partitions import starts_of
from pipeline.kafka.reader import read_to_end
from pipeline.records import MtAdmitted, MtEvent

NEWEST_MAX = 20  # of the messages to one number


def events_of(message_id: str, config: Config, codec: Codec) -> Iterator[MtEvent]:
    """Each event of it once, in the order it was written."""
    seen = set()
    starts = starts_of(config.kafka, topics.MT_EVENT, message_id)
    for message in read_to_end(config.kafka, [topics.MT_EVENT], starts=starts):
        if message.key() != message_id.encode():
            continue
        event = codec.decode(message.value(), MtEvent)
        if event.event_id not in seen:
            seen.add(event.event_id)
            yield event


def ids_to(number: Msisdn, config: Config, codec: Codec) -> list[MessageId]:
    """The newest messages to a number, the newest first: of those the router's topic still has."""
    found: dict[MessageId, None] = {}
    starts = starts_of(config.kafka, topics.ROUTER_IN, number)
    for message in read_to_end(config.kafka, [topics.ROUTER_IN], starts=starts):
        if message.key() != number.encode():
            continue
        try:
            admitted = codec.decode(message.value(), MtAdmitted)
        except UnreadableError:  # another record has this key
            continue
        found.pop(admitted.head.message_id, None)
        found[admitted.head.message_id] = None
    return list(found)[: -NEWEST_MAX - 1 : -1]
