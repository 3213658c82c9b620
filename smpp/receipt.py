"""Delivery receipts: TLVs first, then the text of SMPP 3.4 Appendix B.

    id:a1b2 sub:001 dlvrd:001 submit date:2401311200 done date:2401311201 stat:DELIVRD err:000 text:hi

Appendix B is a suggestion, and SMSCs take it as one: fields are missing, reordered, in other case,
dates have 10 to 14 digits, `err` is anything. So fields are found by name wherever they stand, and
`text`, which may hold anything, ends the reading. A message_id is opaque and stays as it came.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from smpp import tlv
from smpp.pdu import DataSm, DeliverSm
from smpp.segments import user_data
from smpp.values import ESM_CLASS_TYPE, EsmClass, MessageState

STATES = {
    "SCHEDULED": MessageState.SCHEDULED,
    "ENROUTE": MessageState.ENROUTE,
    "DELIVRD": MessageState.DELIVERED,
    "EXPIRED": MessageState.EXPIRED,
    "DELETED": MessageState.DELETED,
    "UNDELIV": MessageState.UNDELIVERABLE,
    "ACCEPTD": MessageState.ACCEPTED,
    "UNKNOWN": MessageState.UNKNOWN,
    "REJECTD": MessageState.REJECTED,
    "SKIPPED": MessageState.SKIPPED,
} 
NAMES = {state: name for name, state in STATES.items()}
