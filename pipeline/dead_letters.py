"""What a dead letter says about itself; its key and value stay as they came."""

from pipeline.effects import Headers
from pipeline.errors import UnreadableError
from pipeline.kafka.clients import now_ms


def error_headers(
    topic: str, partition: int, offset: int, group: str, error: UnreadableError
) -> Headers:
    """`error.*` headers: where the record was, who could not read it, why. Never its content."""
    return [
        ("error.topic", topic),
        ("error.partition", str(partition)),
        ("error.offset", str(offset)),
        ("error.timestamp", str(now_ms())),
        ("error.group", group),
        ("error.stage", "decode"),
        ("error.class", error.reason),
        ("error.message", error.detail),
    ]
