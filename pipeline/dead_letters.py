"""What a dead letter says about itself; its key, value and headers stay as they came."""

from pipeline.effects import Headers
from pipeline.errors import UnreadableError
from pipeline.kafka.clients import Origin, now_ms

PREFIX = "error."


def error_headers(origin: Origin, group: str, error: UnreadableError) -> Headers:
    """The record's own headers and `error.*`: where it was, who could not read it, why.

    Never its content. What was said of it when it was a dead letter before is said no more.
    """
    return [
        *((name, value) for name, value in origin.headers or () if not name.startswith(PREFIX)),
        ("error.topic", origin.topic),
        ("error.partition", str(origin.partition)),
        ("error.offset", str(origin.offset)),
        ("error.record_timestamp", str(origin.at_ms)),
        ("error.timestamp", str(now_ms())),
        ("error.group", group),
        ("error.stage", "decode"),
        ("error.class", error.reason),
        ("error.message", error.detail),
    ]
