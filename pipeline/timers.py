"""How a record is made to wait: in which timer topic, as what."""

from pipeline import topics
from pipeline.codec import Codec
from pipeline.effects import Publish, PublishLater
from pipeline.records import Timer


def publication(later: PublishLater, codec: Codec, now_ms: int) -> Publish:
    """What to write now so that `later` happens at its time; at once if that has come."""
    if later.due_ms <= now_ms:
        return Publish(later.topic, later.key, later.record)
    timer = Timer(
        due_ms=later.due_ms,
        topic=later.topic,
        key=later.key,
        value=codec.encode(later.record, later.topic),
    )
    return Publish(topics.timer((later.due_ms - now_ms) / 1000), later.key, timer)
