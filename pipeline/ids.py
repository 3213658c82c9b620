"""Kinds of id that must not be mixed up: a type each, so that mypy refuses a mix."""

from typing import NewType
from uuid import NAMESPACE_URL, uuid5

MessageId = NewType("MessageId", str)
"""Ours or the requester's: names one message."""

SmscMessageId = NewType("SmscMessageId", str)
"""The SMSC's: opaque, reused after a while, sometimes hexadecimal."""

ConnectorId = NewType("ConnectorId", str)
"""One SMPP account of ours at a carrier: `[a-z0-9-]+`."""

Msisdn = NewType("Msisdn", str)
"""A phone number as E.164 digits without +, or a short code."""

IDS_WITHOUT_NAME = uuid5(NAMESPACE_URL, "urn:heliograph:request")
"""Namespace of the ids made from a request's place; a change would undo their being the same."""


def id_at(topic: str, partition: int, offset: int) -> str:
    """The id of what stands there and brings none: whoever names it, it is the same."""
    return str(uuid5(IDS_WITHOUT_NAME, f"{topic}/{partition}/{offset}"))
