"""What a simulated SMSC decides about a submit_sm, pure: which answer, which receipts, and when.

Scenario, dice and the numbers of message ids are given and nothing is remembered, so the same
submit_sm in the same order get the same fates. Limits are counted by the shell, which knows
accounts and binds: what is over a limit never comes here and throws no dice.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from random import Random
from typing import NamedTuple

from services.sandbox.scenario import Notation, Receipts, Scenario, Span
from smpp import receipt, tlv
from smpp.pdu import DeliverSm, SubmitSm
from smpp.values import CommandStatus, EsmClass, MessageState

NS_PER_MS = 1_000_000
NS_PER_MINUTE = 60_000_000_000
UUID_BITS = 128
TAILS_KEPT = 256

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
    smsc_message_id: str
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

    def __init__(self, scenario: Scenario, dice: Random, numbers: Iterator[int]) -> None:
        self._dice = dice
        self._numbers = numbers
        self._statuses = [(row.share, row.status) for row in scenario.responses.statuses]
        self._latency = scenario.responses.latency_ms
        self._ids = scenario.message_ids
        self._receipts = scenario.receipts
        self._outcomes = scenario.outcomes

    def decide(self, submit: SubmitSm, now_ns: int) -> Decision:
        """The answer to `submit` and the receipts that follow from it."""
        due_ns = now_ns + self._draw_ns(self._latency)
        status = self._status()
        if status is not CommandStatus.ESME_ROK:
            return Decision(status, due_ns, "", ())
        number, ids = next(self._numbers), self._ids
        smsc_message_id = NOTATIONS[ids.in_response](number, self._dice)
        state = self._state(submit.destination_addr)
        if not IS_REPORTED[submit.registered_delivery & RECEIPT_BITS](state):
            return Decision(status, due_ns, smsc_message_id, ())
        receipt_id = smsc_message_id
        if ids.in_receipt != ids.in_response:
            receipt_id = NOTATIONS[ids.in_receipt](number, self._dice)
        receipts = self._plan(submit, receipt_id, state, now_ns, due_ns)
        return Decision(status, due_ns, smsc_message_id, receipts)

    def _status(self) -> CommandStatus:
        if self._statuses:
            thrown = self._dice.random()
            for share, status in self._statuses:
                thrown -= share
                if thrown < 0:
                    return status
        return CommandStatus.ESME_ROK

    def _state(self, destination: str) -> MessageState:
        for row in self._outcomes:
            if destination.startswith(row.prefix) and destination.endswith(row.suffix):
                return row.state
        return MessageState.DELIVERED

    def _plan(
        self, submit: SubmitSm, receipt_id: str, state: MessageState, now_ns: int, answer_ns: int
    ) -> tuple[Receipt, ...]:
        """None, one or two receipts, in the order in which they are due."""
        plan = self._receipts
        if self._falls_on(plan.never_share):
            return ()
        is_early = self._falls_on(plan.early_share)
        due_ns = now_ns if is_early else answer_ns + self._draw_ns(plan.delay_ms)
        pdu = receipt_pdu(submit, receipt_id, state, now_ns, due_ns, plan)
        first = Receipt(due_ns, is_early, receipt_id, state, pdu)
        if not self._falls_on(plan.twice_share):
            return (first,)
        again_ns = max(due_ns, answer_ns) + self._draw_ns(plan.delay_ms)
        copy = replace(pdu)  # a session writes its sequence_number into what it sends
        return (first, Receipt(again_ns, False, receipt_id, state, copy))

    def _falls_on(self, share: float) -> bool:
        return share > 0 and self._dice.random() < share

    def _draw_ns(self, span: Span) -> int:
        if span.min == span.max:
            return span.min * NS_PER_MS
        return int((span.min + (span.max - span.min) * self._dice.random()) * NS_PER_MS)


def receipt_pdu(
    submit: SubmitSm,
    receipt_id: str,
    state: MessageState,
    submitted_ns: int,
    done_ns: int,
    plan: Receipts,
) -> DeliverSm:
    """The deliver_sm that reports `state`, back to where `submit` came from."""
    text = b""
    if plan.text:
        tail = _tail(state, submitted_ns // NS_PER_MINUTE, done_ns // NS_PER_MINUTE)
        text = f"id:{receipt_id}{tail}".encode("latin-1")
    tlvs: tuple[tlv.RawTlv, ...] = ()
    if plan.tlv:
        tlvs = (tlv.RECEIPTED_MESSAGE_ID.make(receipt_id), tlv.MESSAGE_STATE.make(state))
    return DeliverSm(
        source_addr_ton=submit.dest_addr_ton,
        source_addr_npi=submit.dest_addr_npi,
        source_addr=submit.destination_addr,
        dest_addr_ton=submit.source_addr_ton,
        dest_addr_npi=submit.source_addr_npi,
        destination_addr=submit.source_addr,
        esm_class=EsmClass.DELIVERY_RECEIPT,
        short_message=text,
        tlvs=tlvs,
    )


@lru_cache(TAILS_KEPT)
def _tail(state: MessageState, submit_minute: int, done_minute: int) -> str:
    """The text behind the id: the same for every receipt of the minute."""
    text = receipt.write(
        receipt.DeliveryReceipt(
            message_id="",
            state=state,
            submitted=1,
            delivered=int(state is MessageState.DELIVERED),
            submit_date=datetime.fromtimestamp(submit_minute * 60, UTC),
            done_date=datetime.fromtimestamp(done_minute * 60, UTC),
        )
    )
    return text.removeprefix("id:")
