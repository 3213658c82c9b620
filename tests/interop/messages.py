"""A PDU as a JSON object, for the line protocol with the peers.

    {"command": "submit_sm", "command_status": 0, "source_addr": "...", "short_message": "68 69",
     "tlvs": [[516, "0007"]], "text": "hi"}

Keys are the field names of the records, octets are hexadecimal. A peer that has a codec of its own
also tells, and is told, the text. Peers report what their interface shows: no key, no knowledge.
"""

from dataclasses import fields, is_dataclass
from typing import Any

from smpp.pdu import Pdu

OURS_ALONE = ("sequence_number", "unread")


def message(pdu: Pdu, text: str | None = None) -> dict[str, Any]:
    """The record as a JSON object."""
    made = {
        field.name: _value(getattr(pdu, field.name))
        for field in fields(pdu)
        if field.name not in OURS_ALONE
    }
    made["command"] = pdu.command_id.name.lower()
    return made if text is None else made | {"text": text}


def differences(reported: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """Where a peer's report contradicts what it should be: (reported, expected) by key.

    A peer is held to the keys that it knows, to a text only where one is expected, and to no order
    of its TLVs.
    """
    return {
        key: (value, expected.get(key))
        for key, value in ({"command": None} | reported).items()
        if _settled(key, value) != _settled(key, expected.get(key))
        and not (key == "text" and key not in expected)
    }


def _settled(key: str, value: Any) -> Any:
    return sorted(value) if key == "tlvs" and value is not None else value


def _value(value: object) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, int):
        return int(value)
    if isinstance(value, tuple | list):
        return [_value(item) for item in value]
    if is_dataclass(value):
        return {field.name: _value(getattr(value, field.name)) for field in fields(value)}
    return value
