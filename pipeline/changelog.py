"""What a stateful service keeps, for tools: read from the changelog of its state.

The changelog is written by Quix Streams: its key is the key of the state, a bar and the name of the
entry as JSON; where a header says so, eight octets before the entry say when its life is over.
"""

from typing import TypeVar

import msgspec

from pipeline.config import KafkaConfig
from pipeline.kafka.reader import read_to_end

STAMPED = "__ttl_stamped__"
STAMP_OCTETS = 8

T = TypeVar("T", bound=msgspec.Struct)


def kept(kafka: KafkaConfig, topic: str, name: str, kind: type[T]) -> dict[str, T]:
    """The entries of this name by key, as the changelog `topic` has them now, all of it read."""
    found: dict[str, T] = {}
    ending = f'|"{name}"'.encode()
    for message in read_to_end(kafka, [topic]):
        written = message.key() or b""
        if not written.endswith(ending):
            continue
        key, octets = written.removesuffix(ending).decode(), message.value()
        if octets is None:
            found.pop(key, None)
            continue
        is_stamped = STAMPED in dict(message.headers() or [])
        found[key] = msgspec.msgpack.decode(octets[STAMP_OCTETS * is_stamped :], type=kind)
    return found
