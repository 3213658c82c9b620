"""Kinds of id that must not be mixed up: a type each, so that mypy refuses a mix."""

from typing import NewType

MessageId = NewType("MessageId", str)
"""Ours or the requester's: names one message."""

SmscMessageId = NewType("SmscMessageId", str)
"""The SMSC's: opaque, reused after a while, sometimes hexadecimal."""

ConnectorId = NewType("ConnectorId", str)
"""One SMPP account of ours at a carrier: `[a-z0-9-]+`."""

Msisdn = NewType("Msisdn", str)
"""A phone number as E.164 digits without +, or a short code."""
