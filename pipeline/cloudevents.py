"""Requests that come as CloudEvents 1.0, in both modes of its Kafka protocol binding; pure.

    binary       headers ce_specversion, ce_id, ce_source, ce_type; the value is the request
    structured   {"specversion": "1.0", "id": ..., "source": ..., "type": ..., "data": {...}},
                 or "data_base64", the request as octets

The request is all of `data`. The event's id becomes the message_id where the request has none.
"""

import base64
from typing import Any, NamedTuple

from pipeline.effects import Headers
from pipeline.errors import MisshapenError

MARK = "specversion"
VERSIONS = "1."
ID_HEADER = "ce_id"
MARK_HEADER = "ce_specversion"


class Event(NamedTuple):
    """What of an event is the request: fields of JSON, or octets as any producer may write them."""

    id: str
    data: dict[str, Any] | bytes


def is_event(fields: dict[str, Any]) -> bool:
    """Whether this JSON is an event in structured mode."""
    return MARK in fields


def event_of(fields: dict[str, Any]) -> Event:
    """The event in these fields; raises MisshapenError for one that is none of version 1."""
    event_id = fields.get("id")
    known = event_id if isinstance(event_id, str) else None
    if not str(fields[MARK]).startswith(VERSIONS):
        raise MisshapenError(f"CloudEvents {fields[MARK]!r} is not known; write 1.0", known)
    if known is None:
        raise MisshapenError("a CloudEvent has an `id`", None)
    data = fields.get("data")
    if isinstance(data, dict):
        return Event(known, data)
    packed = fields.get("data_base64")
    if not isinstance(packed, str):
        raise MisshapenError("a CloudEvent has the request in `data` or `data_base64`", known)
    try:
        return Event(known, base64.b64decode(packed, validate=True))
    except ValueError as error:
        raise MisshapenError(f"`data_base64` is no base64: {error}", known) from error


def id_in(headers: Headers | None) -> str | None:
    """The id of an event in binary mode; None for a record that is none."""
    named = {name: value for name, value in headers or () if name in (ID_HEADER, MARK_HEADER)}
    event_id = named.get(ID_HEADER)
    if MARK_HEADER not in named or event_id is None:
        return None
    return event_id.decode("utf-8", "replace") if isinstance(event_id, bytes) else event_id
