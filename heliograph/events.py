"""What `sms.mt.event` says of one message."""

from collections.abc import Iterator

from pipeline import topics
from pipeline.codec import Codec
from pipeline.config import Config
from pipeline.kafka.reader import read_to_end
from pipeline.records import MtEvent


def events_of(message_id: str, config: Config, codec: Codec) -> Iterator[MtEvent]:
    """Each event of it once, in the order it was written."""
    seen = set()
    for message in read_to_end(config.kafka, [topics.MT_EVENT]):
        if message.key() != message_id.encode():
            continue
        event = codec.decode(message.value(), MtEvent)
        if event.event_id not in seen:
            seen.add(event.event_id)
            yield event
