"""The story of one SMS, from its events: request, route, submit, answer, receipt; pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.records import MtEvent

STEPS = {
    "scheduled": "waits until its time",
    "waiting": "bulk: waits until {connector} has room",
    "rejected": "refused: {reason}",
    "duplicate": "asked for again: nothing is sent twice",
    "payload_mismatch": "its id came again with another content: refused",
    "routed": "routed to {connector} in {segments} segment(s) by rule {rule}",
    "segment_accepted": "segment {segment}/{segments} accepted by {connector} as {smsc_message_id}",
    "segment_rejected": "segment {segment}/{segments} refused by {connector}: {reason}",
    "segment_expired": "segment {segment}/{segments} not sent: its validity had passed",
    "segment_returned": "segment {segment}/{segments} not sent by {connector}: {reason}",
    "segment_cancelled": "segment {segment}/{segments} cancelled at {connector}: {reason}",
    "segment_postponed": "segment {segment}/{segments} put off by {connector}: {reason}",
    "segment_unknown": "segment {segment}/{segments} unanswered by {connector}: {reason}",
    "receipt": "segment {segment}/{segments} receipt: {receipt_state}",
    "dlr_timeout": "segment {segment}/{segments} got no receipt in time",
    "receipt_late": "segment {segment}/{segments} waits too long for a receipt by {connector}",
    "way_left": "left {connector}, way {hop}: {reason}",
    "not_retried": "no other way: {reason}",
    "delivered_again": "delivered once more, by {connector}, way {hop}",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the story."""

    at_ms: int
    after_ms: int
    text: str

    def __str__(self) -> str:
        at = datetime.fromtimestamp(self.at_ms / 1000, UTC).isoformat(timespec="milliseconds")
        return f"{at}  +{self.after_ms:>6} ms  {self.text}"


def tell(events: Iterable[MtEvent]) -> list[Step]:
    """The steps in the order they happened; empty for a message nobody knows."""
    steps: list[Step] = []
    for event in events:
        begin = event.requested_ms
        if not steps:
            steps.append(Step(begin, 0, f"requested by {event.tenant}, lane {event.lane}"))
        facts = {name: getattr(event, name) for name in event.__struct_fields__}
        text = STEPS.get(event.event, event.event).format(**facts)
        if event.submitted_ms is not None and event.event.startswith("segment_"):
            at_ms = event.submitted_ms
            written = f"segment {event.segment}/{event.segments} submitted to {event.connector}"
            steps.append(Step(at_ms, at_ms - begin, written))
        end = f" - {event.state}" if event.terminal else ""
        steps.append(Step(event.at_ms, event.at_ms - begin, text + end))
    return sorted(steps, key=lambda step: step.at_ms)
