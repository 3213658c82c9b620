"""Facts with defaults and a tracker with its memory: a test spells out only what matters to it."""

from typing import Any

import msgspec

from pipeline.effects import PublishLater
from pipeline.ids import ConnectorId, MessageId, Msisdn
from pipeline.records import (
    CommandResult,
    Dlr,
    MtCommand,
    MtEvent,
    MtHead,
    MtRejected,
    MtReroute,
    MtRouted,
    MtScheduled,
    MtStatus,
    MtSubmitted,
    MtWaiting,
    Wake,
)
from services.tracker.config import TrackerConfig
from services.tracker.core import Tracker, TrackerRecord
from tests.entries import MemoryEntries

ASKED_MS = 1_790_000_000_000
DAY_MS = 86_400_000
MESSAGE = MessageId("order-4711")
FAST, SLOW = ConnectorId("fast"), ConnectorId("slow")


class Told:
    """A tracker that was told facts of one message, and what it published."""

    def __init__(self, *facts: TrackerRecord, now_ms: int = ASKED_MS + 60_000) -> None:
        self.state = MemoryEntries()
        self.tracker = Tracker(TrackerConfig())
        self.events: list[MtEvent] = []
        self.statuses: list[MtStatus] = []
        self.asked: list[MtReroute] = []
        self.later: list[PublishLater] = []
        self.commanded: list[MtCommand] = []
        self.results: list[CommandResult] = []
        self.tell(*facts, now_ms=now_ms)

    def tell(self, *facts: TrackerRecord, now_ms: int = ASKED_MS + 60_000) -> list[str]:
        """The events that followed, by name."""
        self.state.now_ms = now_ms
        before = len(self.events)
        for fact in facts:
            for effect in self.tracker.decide(self.state, fact, now_ms):
                if isinstance(effect, PublishLater):
                    self.later.append(effect)
                    continue
                if isinstance(effect.record, MtReroute):
                    assert (effect.topic, effect.key) == ("sms.router.in", "46701234567")
                    self.asked.append(effect.record)
                    continue
                if isinstance(effect.record, MtCommand):
                    assert (effect.topic, effect.key) == ("sms.router.in", "46701234567")
                    self.commanded.append(effect.record)
                    continue
                if isinstance(effect.record, CommandResult):
                    assert (effect.topic, effect.key) == ("sms.command.result", MESSAGE)
                    self.results.append(effect.record)
                    continue
                assert effect.key == MESSAGE
                if isinstance(effect.record, MtEvent):
                    assert effect.topic == "sms.mt.event"
                    self.events.append(effect.record)
                else:
                    assert isinstance(effect.record, MtStatus)
                    assert effect.topic == "sms.mt.status"
                    self.statuses.append(effect.record)
        return [event.event for event in self.events[before:]]

    @property
    def reroutes(self) -> list[int]:
        """Hops that were asked for."""
        return [reroute.hop for reroute in self.asked]

    @property
    def status(self) -> MtStatus:
        return self.statuses[-1]

    @property
    def ends(self) -> list[str]:
        """States of the terminal events."""
        return [event.state for event in self.events if event.terminal]


def essence(status: MtStatus) -> object:
    """What must not depend on the order of facts: everything but when things were heard of."""
    segments = tuple(msgspec.structs.replace(s, final_ms=None) for s in status.segments)
    return msgspec.structs.replace(status, segments=segments, final_ms=None, updated_ms=0)


def head(**changed: Any) -> MtHead:
    return MtHead(
        **{
            "message_id": MESSAGE,
            "recipient": Msisdn("46701234567"),
            "sender": "ACME",
            "tenant": "default",
            "lane": "normal",
            "class_": "transactional",
            "caller_data": "mine",
            "requested_ms": ASKED_MS,
            **changed,
        }
    )


def routed(segments: int = 1, **changed: Any) -> MtRouted:
    return MtRouted(
        **{
            "head": head(),
            "connector": FAST,
            "segments": segments,
            "data_coding": 0,
            "receipts_expected": segments,
            "hop": 0,
            "rule": "rest",
            "routes_version": "v1",
            "deadline_ms": ASKED_MS + DAY_MS,
            "routed_ms": ASKED_MS + 20,
            **changed,
        }
    )


def rejected(reason: str, stage: str = "router", **changed: Any) -> MtRejected:
    return MtRejected(
        **{
            "head": head(),
            "reason": reason,
            "detail": "A sentence.",
            "stage": stage,
            "source": "sms.mt.request/0/1",
            "rejected_ms": ASKED_MS + 20,
            **changed,
        }
    )


def scheduled(at_ms: int = ASKED_MS + 20) -> MtScheduled:
    return MtScheduled(
        head=head(),
        send_at_ms=ASKED_MS + DAY_MS,
        scheduled_ms=at_ms,
        rule="early",
        routes_version="v0",
    )


def waiting(connector: ConnectorId = FAST, at_ms: int = ASKED_MS + 20) -> MtWaiting:
    return MtWaiting(
        head=head(),
        connector=connector,
        deadline_ms=ASKED_MS + DAY_MS,
        waiting_ms=at_ms,
        rule="bulk",
        routes_version="v0",
    )


def submitted(segment: int = 1, segments: int = 1, **changed: Any) -> MtSubmitted:
    outcome = changed.get("outcome", "accepted")
    written = outcome not in ("expired", "cancelled", "returned")
    accepted = outcome == "accepted"
    return MtSubmitted(
        **{
            "message_id": MESSAGE,
            "segment": segment,
            "segments": segments,
            "hop": 0,
            "connector": FAST,
            "recipient": Msisdn("46701234567"),
            "sender": "ACME",
            "tenant": "default",
            "class_": "transactional",
            "outcome": outcome,
            "command_status": 0 if accepted else None,
            "smsc_message_id": f"1a2b3c4{segment}" if accepted else None,
            "receipt_expected": True,
            "replica": "binder-0",
            "bind": 0 if written else -1,
            "attempt": 1 if written else 0,
            "submit_lane": "normal",
            "submit_partition": 0,
            "submit_offset": 40 + segment,
            "requested_ms": ASKED_MS,
            "submitted_ms": ASKED_MS + 30 + segment if written else None,
            "answered_ms": ASKED_MS + 50 + segment,
            "deadline_ms": ASKED_MS + DAY_MS,
            **changed,
        }
    )


def receipt(state: str = "DELIVERED", segment: int = 1, segments: int = 1, **changed: Any) -> Dlr:
    return Dlr(
        **{
            "message_id": MESSAGE,
            "segment": segment,
            "segments": segments,
            "hop": 0,
            "connector": FAST,
            "smsc_message_id": f"43904110{segment}",
            "tenant": "default",
            "recipient": Msisdn("46701234567"),
            "state": state,
            "final": state not in ("ENROUTE", "ACCEPTED", "SCHEDULED"),
            "repeat": False,
            "submitted_ms": ASKED_MS + 30 + segment,
            "received_ms": ASKED_MS + 2000 + segment,
            "joined_ms": ASKED_MS + 2030,
            **changed,
        }
    )


def timeout(segment: int = 1) -> Wake:
    return Wake(key=MESSAGE, kind="receipt_timeout", what=str(segment), set_ms=ASKED_MS)
