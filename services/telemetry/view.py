"""The search view: one row a message, with its story; what may be asked of it, and what an event
makes of a row: pure.

The order of events is that of their offsets, in which the tracker has told them, so a row is the
same whenever and however often they are read.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple, Protocol

import msgspec
from msgspec.structs import replace

from pipeline.errors import HeliographError
from pipeline.ids import ConnectorId, MessageId, Msisdn
from pipeline.records import MtEvent
from services.telemetry.heard import FORGOTTEN, Heard, Moved

REJECTED: Final = "rejected"  # an event and a state
ROUTED: Final = "routed"
ENDS: Final = frozenset(
    {"delivered", "undeliverable", "expired", REJECTED, "cancelled", "submitted", "unknown"}
)
"""States in which nothing more is expected of a message."""
REPEATS: Final = frozenset({"duplicate", "payload_mismatch"})
"""Events of a second request under the same id, which say nothing about the message itself."""
PUT_OFF: Final = frozenset({"scheduled", "waiting", "segment_postponed"})
"""Events after which a message is not due until it is routed again."""
BEGINS: Final = frozenset({ROUTED, "scheduled", "waiting", REJECTED})
"""Events by which a message begins, also one whose id another had that has ended."""
GOES: Final = frozenset({ROUTED, "waiting"})
"""Events that say by which connector."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one message at a glance; `due_ms` is from when on it should be sent."""

    message_id: MessageId
    recipient: Msisdn | None = None
    requested_ms: int
    due_ms: int
    updated_ms: int
    state: str
    terminal: bool
    connector: ConnectorId | None = None
    tenant: str
    lane: str
    class_: str = msgspec.field(name="class")
    country: str | None = None
    test: bool = False
    submitted_ms: int | None = None
    deadline_ms: int | None = None


class Found(NamedTuple):
    """One message and every event of it, in the order they came."""

    head: Head
    events: Sequence[MtEvent]


class Count(NamedTuple):
    """How many messages of one kind are in one state."""

    state: str
    connector: str | None
    class_: str
    country: str | None
    lane: str
    test: bool
    messages: int


class Unsent(NamedTuple):
    """What of one kind is due and neither at an SMSC nor ended."""

    connector: str | None
    lane: str
    test: bool
    messages: int
    oldest_due_ms: int
    share: float
    """The greatest part of a validity that is over; 0 where no deadline is known."""


class Life(NamedTuple):
    """What all events of a message make of it."""

    head: Head
    is_put_off: bool

    @property
    def is_unsent(self) -> bool:
        """Whether it is to be sent, now or when it is due, and nothing of it has been."""
        head = self.head
        return not (head.terminal or self.is_put_off) and head.submitted_ms is None


def told(life: Life | None, event: MtEvent) -> Life:
    """A life after one more event, the next one by its offset."""
    if life is None or _begins_anew(life.head, event):
        return _begun(event)
    head = life.head
    updated_ms = max(head.updated_ms, event.at_ms)
    if event.event in REPEATS or (event.event == REJECTED and not event.terminal):
        return Life(replace(head, updated_ms=updated_ms), life.is_put_off)
    is_own = event.event in GOES or head.connector is None
    known = _identity(event)
    known["recipient"] = event.recipient or head.recipient
    known["country"] = event.country or head.country
    return Life(
        replace(
            head,
            **known,
            due_ms=_due_ms(life, event),
            updated_ms=updated_ms,
            state=event.state,
            terminal=event.state in ENDS,
            connector=(event.connector if is_own else None) or head.connector,
            submitted_ms=_earlier(head.submitted_ms, event.submitted_ms),
            deadline_ms=head.deadline_ms if event.deadline_ms is None else event.deadline_ms,
        ),
        event.event in PUT_OFF or (life.is_put_off and event.event != ROUTED),
    )


def lived(events: Iterable[MtEvent]) -> Life:
    """The life that events are, at least one, in their order."""
    life: Life | None = None
    for event in events:
        life = told(life, event)
    assert life is not None  # at least one
    return life


def newest(events: Iterable[MtEvent]) -> list[MtEvent]:
    """Those of the message that has the id now, of all that had it."""
    life: Life | None = None
    own: list[MtEvent] = []
    for event in events:
        if life is not None and _begins_anew(life.head, event):
            own = []
        own.append(event)
        life = told(life, event)
    return own


def moved(before: Life | None, event: MtEvent, after: Life) -> Moved | None:
    """What a listener hears of what `event` has changed; nothing where the state is as it was.

    Who is not known and does not begin with it was forgotten, so nobody counts it twice.
    """
    head = after.head
    unknown = None if _is_begin(event) else FORGOTTEN
    known = unknown if before is None else before.head.state
    if known == head.state:
        return None
    return Moved(
        before=known,
        after=head.state,
        connector=head.connector,
        class_=head.class_,
        country=head.country,
        lane=head.lane,
        test=head.test,
        due_ms=None if after.is_put_off else head.due_ms,
        at_ms=head.updated_ms,
    )


def _begins_anew(head: Head, event: MtEvent) -> bool:
    """Whether another message has the id of one that has ended; the row is the newer one's."""
    return _is_begin(event) and head.terminal and event.requested_ms > head.requested_ms


def _is_begin(event: MtEvent) -> bool:
    return event.event in BEGINS and (event.event != REJECTED or event.terminal)


def _begun(event: MtEvent) -> Life:
    """Of a repeated request whose first one is not known, all that is known is its refusal."""
    state = REJECTED if event.event in REPEATS else event.state
    head = Head(
        message_id=event.message_id,
        **_identity(event),
        due_ms=event.requested_ms,
        updated_ms=event.at_ms,
        state=state,
        terminal=state in ENDS,
        connector=event.connector,
        submitted_ms=event.submitted_ms,
        deadline_ms=event.deadline_ms,
    )
    return Life(head, event.event in PUT_OFF)


def _identity(event: MtEvent) -> dict[str, Any]:
    """What every event says of its message, the later the better."""
    return {
        "recipient": event.recipient,
        "requested_ms": event.requested_ms,
        "tenant": event.tenant,
        "lane": event.lane,
        "class_": event.class_,
        "country": event.country,
        "test": event.test,
    }


def _due_ms(life: Life, event: MtEvent) -> int:
    """When it was asked for, or of what was put off: when it was routed again."""
    if life.is_put_off and event.event == ROUTED:
        return event.at_ms
    head = life.head
    return event.requested_ms if head.due_ms == head.requested_ms else head.due_ms


def _earlier(known_ms: int | None, told_ms: int | None) -> int | None:
    if known_ms is None or told_ms is None:
        return known_ms if told_ms is None else told_ms
    return min(known_ms, told_ms)


class ViewError(HeliographError):
    """What keeps the view does not answer; the text says what to do."""


class View(Protocol):
    """Takes what is read, answers from any thread, or raises ViewError. Only `apply` writes."""

    def begin(self, topic: str, partition: int) -> int | None:
        """The offset from which it wants a partition; None: from where the group has come to."""

    def apply(self, batch: Sequence[Heard]) -> Sequence[Moved]:
        """Take a batch and keep it with its offsets, or raise; an event that is known changes
        nothing."""

    def find_id(self, message_id: str) -> Found | None:
        """One message."""

    def find_number(self, number: str, limit: int) -> Sequence[Head]:
        """The newest messages to a number, the newest first."""

    def unsent(self, now_ms: int) -> Sequence[Unsent]:
        """What is due at `now_ms` and not sent, a row a kind."""

    def late(self, after_ms: int, until_ms: int) -> Sequence[Unsent]:
        """Of what is not sent, that which was due after the one and not after the other."""

    def counts(self) -> Sequence[Count]:
        """How many are in which state: what `Moved` goes on from."""

    def close(self) -> None:
        """Be done."""
