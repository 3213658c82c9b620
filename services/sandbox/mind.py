"""What a simulated SMSC decides about a submit_sm, pure: the answer and when, the receipts and when.

Scenario, dice and the number of the first message id are given; the only memory is the next number,
so the same submit_sm in the same order get the same fates. Limits are counted by the shell, which
knows accounts and binds: what is over a limit never comes here and throws no dice.
"""

import uuid
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from services.sandbox.scenario import Notation, Outcome, Receipts, Scenario, Span
from smpp import tlv
from smpp.pdu import DeliverSm, SubmitSm
from smpp.values import CommandStatus, EsmClass, MessageState

NS_PER_MS = 1_000_000
UUID_BITS = 128

# Which final states are reported, by the lower bits of registered_delivery; 3 is of SMPP 5.0.
RECEIPT_BITS = 0x03
IS_REPORTED: dict[int, Callable[[MessageState], bool]] = {
    0: lambda state: False,
    1: lambda state: True,
    2: lambda state: state is not MessageState.DELIVERED,
    3: lambda state: state is MessageState.DELIVERED,
}

Made = Callable[[int, Random], str]  # a notation writes the number of a message

NOTATIONS: dict[Notation, Made] = {
    "decimal": lambda number, dice: str(number),
    "hexadecimal": lambda number, dice: f"{number:X}",
    "uuid": lambda number, dice: str(uuid.UUID(int=dice.getrandbits(UUID_BITS), version=4)),
}


class Receipt(NamedTuple):
    """A receipt to send; an early one before the answer."""

    due_ns: int
    is_early: bool
    state: MessageState
    deliver_sm: DeliverSm


class Decision(NamedTuple):
    """What to do about one submit_sm."""

    command_status: CommandStatus
    due_ns: int
    smsc_message_id: str
    receipts: tuple[Receipt, ...]


class Mind:
    """Decides about one submit_sm at a time."""

    def __init__(self, scenario: Scenario, dice: Random, first_number: int) -> None:
        self.number = first_number
        self._dice = dice
        self._statuses = [(row.share, row.status) for row in scenario.responses.statuses]
        self._latency = scenario.responses.latency_ms
        self._ids = scenario.message_ids
        self._receipts = scenario.receipts
        self._outcomes = scenario.outcomes
