"""What the page is fed in more than one test."""

from msgspec.structs import replace

from pipeline.burials import Letter
from pipeline.kafka.clients import now_ms
from services.telemetry.snapshot import Funnel, Rates
from tests.page.server import SNAPSHOT
from tests.services.telemetry.test_search import NUMBER, STORY

__all__ = ["BUSY", "LETTERS", "NUMBER", "QUIET", "STORY"]
TOPIC = "sms.mt.request.dlq"
TEXT = "a text that only its reader may see"
NONE = Funnel(
    requested=0, routed=0, submitted=0, delivered=0, failed=0, unknown=0, expired=0, open=0
)
STILL = (0.0,) * 60

BUSY = SNAPSHOT
QUIET = replace(
    SNAPSHOT,
    funnel=NONE,
    rates=Rates(
        requested_per_s=STILL, submitted_per_s=STILL, delivered_per_s=STILL, mo_per_s=STILL
    ),
    connectors=(),
    groups=(),
    latency=(),
    failures=(),
    mo=(),
    votes=(),
    letters=(),
    alerts=(),
    tests=replace(SNAPSHOT.tests, funnel=NONE),
)


def letter(offset: int, octets: bytes) -> Letter:
    """A dead request."""
    headers = {
        "error.topic": "sms.mt.request",
        "error.partition": "2",
        "error.offset": str(7 + offset),
        "error.class": "bad_shape",
        "error.message": "`to` is missing",
    }
    named = [(name, value.encode()) for name, value in headers.items()]
    return Letter(TOPIC, offset, now_ms() - 60_000, b"m9", octets, named)


LETTERS = [
    letter(0, b'{"to": "+%s", "text": "%s"}' % (NUMBER.encode(), TEXT.encode())),
    letter(1, b"\x00\x01 nobody can read this"),
    letter(2, b"{"),
]
