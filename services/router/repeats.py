"""A message_id that comes again for its recipient while it is known: by what was kept of it.

That is a day, and longer where it was scheduled, had to wait, or was cancelled by a command.

The same record again (same source) is the pipeline's own repeat and changes nothing. From elsewhere
it is the requester's, of which an event tells once.
"""

from hashlib import blake2b
from operator import attrgetter

import msgspec

from pipeline import topics
from pipeline.effects import Effect, Entries, Publish
from pipeline.records import MtAdmitted, MtRequest
from services.router.policy import Refusal
from services.router.rejections import rejection

SEEN_LIFE_S = 24 * 3600
DIGEST_OCTETS = 16

SCHEDULED = "scheduled"
WAITING = "waiting"
ROUTED = "routed"
REJECTED = "rejected"
CANCELLED = "cancelled"  # by a command: what comes back of it is known, and goes no further

DUPLICATE = Refusal(
    "duplicate",
    "The same message_id came for this recipient not long ago: a day, or longer if it had to wait "
    "or was cancelled; for a new message choose a new one.",
)
PAYLOAD_MISMATCH = Refusal(
    "payload_mismatch",
    "The same message_id came for this recipient not long ago with other content: a day, or longer "
    "if it had to wait or was cancelled; choose a new one.",
)

# A repeat may come in another format or write the number otherwise: neither is content.
_CONTENT = attrgetter(
    *sorted(
        field.name
        for field in msgspec.structs.fields(MtRequest)
        if field.name not in {"message_id", "to"}
    )
)


class Seen(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A message_id of this recipient, what was asked under it, and what was decided last."""

    digest: bytes
    source: str
    stage: str


class Told(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A repeat by the requester that an event has told of."""


def digest_of(request: MtRequest) -> bytes:
    """16 octets that tell one content from another."""
    return blake2b(
        msgspec.msgpack.encode(_CONTENT(request), order="deterministic"), digest_size=DIGEST_OCTETS
    ).digest()


def is_due(record: MtAdmitted, seen: Seen) -> bool:
    """Whether it is what waited, and comes back to be routed."""
    return record.due and seen.stage in (SCHEDULED, WAITING) and seen.source == record.source


def repeated(
    state: Entries, record: MtAdmitted, seen: Seen, digest: bytes, now_ms: int
) -> list[Effect]:
    """What to do about a repeat of what was `seen`."""
    if record.source == seen.source:
        return []
    told = f"told|{record.source}"
    if state.get(told, Told) is not None:
        return []
    state.put(told, Told(), SEEN_LIFE_S)
    refusal = DUPLICATE if digest == seen.digest else PAYLOAD_MISMATCH
    rejected = rejection(record.head, refusal, record.source, now_ms)
    return [Publish(topics.TRACKER_IN, record.head.message_id, rejected)]
