"""The search view: one row a message, with its story; what may be asked of it."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import msgspec

from pipeline.ids import ConnectorId, MessageId, Msisdn
from pipeline.records import MtEvent
from services.telemetry.heard import Heard, Moved


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


class View(Protocol):
    """Takes what is read, answers from any thread. Only `apply` writes."""

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
