"""What a dead letter says about itself; its key, value and headers stay as they came.

A counter and the log say it too, the log of one of a topic in a second at most: who writes one
broken record, writes many.
"""

import time

import structlog

from pipeline.burials import PREFIX
from pipeline.effects import Headers
from pipeline.errors import UnreadableError
from pipeline.kafka.clients import Origin, now_ms
from pipeline.metrics import Metrics
from pipeline.traceparent import trace_id_of

LOG = structlog.get_logger()
SAY_EVERY_S = 1.0

_said: dict[str, float] = {}  # by topic, when


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


def note_burial(metrics: Metrics, origin: Origin, group: str, error: UnreadableError) -> None:
    """Count a record that goes to the dead letters, and say so in the log."""
    metrics.counter("sms.records.dead", topic=origin.topic, reason=error.reason).value += 1
    now_s = time.monotonic()
    if now_s - _said.get(origin.topic, -SAY_EVERY_S) < SAY_EVERY_S:
        return
    _said[origin.topic] = now_s
    LOG.warning(
        "a record can't be read and goes to the dead letters",
        topic=origin.topic,
        partition=origin.partition,
        offset=origin.offset,
        group=group,
        reason=error.reason,
        trace_id=trace_id_of(origin.headers),
    )
