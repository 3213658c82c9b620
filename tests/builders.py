"""Records with defaults, so that a test spells out only what matters to it."""

from typing import Any

from pipeline.ids import ConnectorId, MessageId, Msisdn, SmscMessageId
from pipeline.records import Dlr, MtEvent, MtSubmit, MtSubmitted, SmscDeliver

REQUESTED_MS = 1_790_000_000_000


def mt_event(message_id: str = "m1", **changes: Any) -> MtEvent:
    """A routed event of a message."""
    fields: dict[str, Any] = {
        "event_id": f"{message_id}/{changes.get('event', 'routed')}/{changes.get('segment')}",
        "message_id": MessageId(message_id),
        "event": "routed",
        "state": "routed",
        "terminal": False,
        "tenant": "default",
        "lane": "normal",
        "class_": "transactional",
        "requested_ms": REQUESTED_MS,
        "at_ms": REQUESTED_MS + 10,
    }
    return MtEvent(**{**fields, **changes})


def mt_submit(message_id: str = "m1", **changes: Any) -> MtSubmit:
    """A one-segment submit of plain text."""
    fields: dict[str, Any] = {
        "message_id": MessageId(message_id),
        "segment": 1,
        "segments": 1,
        "hop": 0,
        "tenant": "default",
        "class_": "transactional",
        "recipient": Msisdn("46701234567"),
        "on_ambiguous": "resend",
        "requested_ms": REQUESTED_MS,
        "deadline_ms": REQUESTED_MS + 86_400_000,
        "source_addr_ton": 5,
        "source_addr_npi": 0,
        "source_addr": "ACME",
        "dest_addr_ton": 1,
        "dest_addr_npi": 1,
        "destination_addr": "46701234567",
        "esm_class": 0,
        "registered_delivery": 1,
        "data_coding": 0,
        "short_message": b"hello",
    }
    return MtSubmit(**{**fields, **changes})


def mt_submitted(message_id: str = "m1", **changes: Any) -> MtSubmitted:
    """An accepted segment."""
    fields: dict[str, Any] = {
        "message_id": MessageId(message_id),
        "segment": 1,
        "segments": 1,
        "hop": 0,
        "connector": ConnectorId("fast"),
        "recipient": Msisdn("46701234567"),
        "sender": "ACME",
        "tenant": "default",
        "class_": "transactional",
        "outcome": "accepted",
        "command_status": 0,
        "smsc_message_id": SmscMessageId("1a2b"),
        "receipt_expected": True,
        "replica": "binder-fast-0",
        "bind": 0,
        "attempt": 1,
        "submit_lane": "normal",
        "submit_partition": 0,
        "submit_offset": 0,
        "requested_ms": REQUESTED_MS,
        "submitted_ms": REQUESTED_MS + 30,
        "answered_ms": REQUESTED_MS + 35,
        "deadline_ms": REQUESTED_MS + 86_400_000,
    }
    return MtSubmitted(**{**fields, **changes})


def dlr(message_id: str | None = "m1", **changes: Any) -> Dlr:
    """A final receipt: delivered."""
    fields: dict[str, Any] = {
        "message_id": message_id and MessageId(message_id),
        "segment": 1,
        "segments": 1,
        "hop": 0,
        "connector": ConnectorId("fast"),
        "smsc_message_id": SmscMessageId("1a2b"),
        "tenant": "default",
        "recipient": Msisdn("46701234567"),
        "state": "DELIVERED",
        "final": True,
        "repeat": False,
        "submitted_ms": REQUESTED_MS + 30,
        "received_ms": REQUESTED_MS + 2000,
        "joined_ms": REQUESTED_MS + 2010,
    }
    return Dlr(**{**fields, **changes})


def smsc_deliver(**changes: Any) -> SmscDeliver:
    """A deliver_sm without a text, from a handset."""
    fields: dict[str, Any] = {
        "connector": ConnectorId("slow"),
        "replica": "binder-0",
        "bind": 0,
        "received_ms": REQUESTED_MS,
        "handset": Msisdn("46701234567"),
        "command": "deliver_sm",
        "source_addr_ton": 1,
        "source_addr_npi": 1,
        "source_addr": "46701234567",
        "dest_addr_ton": 0,
        "dest_addr_npi": 1,
        "destination_addr": "ACME",
        "esm_class": 0,
        "data_coding": 0,
        "short_message": b"",
    }
    return SmscDeliver(**{**fields, **changes})
