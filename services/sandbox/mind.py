"""What a simulated SMSC decides about a submit_sm, pure: which answer, which receipts, and when.

Scenario, dice and the numbers of message ids are given; remembered is only how often a number was
refused where a row says how often. The same submit_sm in the same order get the same fates. Limits
are counted by the shell, which knows accounts and binds: what is over a limit never comes here and
throws no dice. What a scenario does not speak of is looked at once, when it begins.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random
from typing import NamedTuple

from services.sandbox.answers import StatusRow
from services.sandbox.dialects import around_id, granularity_s
from services.sandbox.reports import Notation, Outcome, Receipts, Reply
from services.sandbox.scenario import Scenario
from services.sandbox.values import NS_PER_MS, drawer
from smpp import segments, tlv
from smpp.errors import SmppError
from smpp.pdu import DataSm, DeliverSm, SubmitSm
from smpp.values import CommandStatus, EsmClass, MessageState

NS_PER_S = 1_000_000_000
UUID_BITS = 128
REFUSALS_KEPT = 100_000  # numbers of which is remembered how often they were refused
STATE_TLVS = {state: tlv.MESSAGE_STATE.make(state) for state in MessageState}

# Which final states are reported, by the lower bits of registered_delivery; 3 is of SMPP 5.0.
RECEIPT_BITS = 0x03
IS_REPORTED: dict[int, Callable[[MessageState], bool]] = {
    0: lambda state: False,
    1: lambda state: True,
    2: lambda state: state is not MessageState.DELIVERED,
    3: lambda state: state is MessageState.DELIVERED,
}

Made = Callable[[int, Random, int], str]  # a notation writes the number of a message

NOTATIONS: dict[Notation, Made] = {
    "decimal": lambda number, dice, digits: f"{number:0{digits}d}",
    "hexadecimal": lambda number, dice, digits: f"{number:0{digits}X}",
    "hexadecimal_lower": lambda number, dice, digits: f"{number:0{digits}x}",
    "uuid": lambda number, dice, digits: str(uuid.UUID(int=dice.getrandbits(UUID_BITS), version=4)),
}
USUAL = Outcome()


class Receipt(NamedTuple):
    """A receipt to send; an early one before the answer."""

    due_ns: int
    is_early: bool
    smsc_message_id: str
    state: MessageState
    pdu: DeliverSm | DataSm


class Answer(NamedTuple):
    """What a subscriber says to a message."""

    due_ns: int
    text: str


class Decision(NamedTuple):
    """What to do about one submit_sm."""

    command_status: CommandStatus
    due_ns: int
    smsc_message_id: str
    receipts: tuple[Receipt, ...]
    answer: Answer | None = None


class Mind:
    """Decides about one submit_sm at a time; `began_ns` is when its scenario did."""

    def __init__(
        self, scenario: Scenario, dice: Random, numbers: Iterator[int], began_ns: int
    ) -> None:
        ids, receipts = scenario.message_ids, scenario.receipts
        receipt_digits = ids.digits if ids.receipt_digits is None else ids.receipt_digits
        self._dice = dice
        self._numbers = numbers
        self._began_ns = began_ns
        self._statuses = scenario.responses.statuses
        self._outcomes = scenario.outcomes
        self._receipts = receipts
        self._latency = drawer(scenario.responses.latency_ms)
        self._delay = drawer(receipts.delay_ms)
        self._late = drawer(receipts.late_ms)
        self._write_id = NOTATIONS[ids.in_response]
        self._write_receipt_id = NOTATIONS[ids.in_receipt]
        self._digits, self._receipt_digits = ids.digits, receipt_digits
        self._has_one_id = (ids.in_response, ids.digits) == (ids.in_receipt, receipt_digits)
        self._is_plain = _is_plain(receipts)
        self._refused: dict[tuple[int, str], int] = {}

    def decide(self, submit: SubmitSm, now_ns: int) -> Decision:
        """The answer to `submit` and what follows from it."""
        due_ns = now_ns + self._latency(self._dice)
        if self._statuses:
            status = self._status(submit.destination_addr, now_ns)
            if status is not CommandStatus.ESME_ROK:
                return Decision(status, due_ns, "", ())
        number = next(self._numbers)
        message_id = self._write_id(number, self._dice, self._digits)
        outcome = self._outcome(submit.destination_addr, now_ns) if self._outcomes else USUAL
        receipts: tuple[Receipt, ...] = ()
        if IS_REPORTED[submit.registered_delivery & RECEIPT_BITS](outcome.state):
            receipt_id = message_id
            if not self._has_one_id:
                receipt_id = self._write_receipt_id(number, self._dice, self._receipt_digits)
            receipts = self._plan(submit, receipt_id, outcome, now_ns, due_ns)
        answer = None
        if outcome.reply is not None:
            answer = _answer(submit, outcome.reply, due_ns)
        return Decision(CommandStatus.ESME_ROK, due_ns, message_id, receipts, answer)

    def _status(self, destination: str, now_ns: int) -> CommandStatus:
        since_s = (now_ns - self._began_ns) / NS_PER_S
        for place, row in enumerate(self._statuses):
            if row.fits(destination, since_s, self._dice) and self._has_more(
                place, row, destination
            ):
                return row.status
        return CommandStatus.ESME_ROK

    def _has_more(self, place: int, row: StatusRow, destination: str) -> bool:
        """Whether a row that refuses so often refuses once more."""
        if row.times is None:
            return True
        refused, key = self._refused, (place, destination)
        count = refused.get(key, 0)
        if count >= row.times:
            return False
        refused[key] = count + 1
        if len(refused) > REFUSALS_KEPT:
            del refused[next(iter(refused))]
        return True

    def _outcome(self, destination: str, now_ns: int) -> Outcome:
        since_s = (now_ns - self._began_ns) / NS_PER_S
        for row in self._outcomes:
            if row.fits(destination, since_s, self._dice):
                return row
        return USUAL

    def _plan(
        self, submit: SubmitSm, receipt_id: str, outcome: Outcome, now_ns: int, answer_ns: int
    ) -> tuple[Receipt, ...]:
        """The receipts of one message, in the order in which they are due."""
        if self._is_plain and outcome.receipt == "usual":
            due_ns = answer_ns + self._delay(self._dice)
            pdu = receipt_pdu(submit, receipt_id, outcome, now_ns, due_ns, self._receipts)
            return (Receipt(due_ns, False, receipt_id, outcome.state, pdu),)
        if not _is_reported(submit, self._receipts):
            return ()
        return self._odd_plan(submit, receipt_id, outcome, now_ns, answer_ns)

    def _odd_plan(
        self, submit: SubmitSm, receipt_id: str, outcome: Outcome, now_ns: int, answer_ns: int
    ) -> tuple[Receipt, ...]:
        plan, wish = self._receipts, outcome.receipt
        is_usual = wish == "usual"

        def falls_on(share: float, name: str) -> bool:
            return wish == name or (is_usual and share > 0 and self._dice.random() < share)

        def at(due_ns: int, told: Outcome, is_early: bool = False) -> Receipt:
            pdu = receipt_pdu(submit, receipt_id, told, now_ns, due_ns, plan)
            return Receipt(due_ns, is_early, receipt_id, told.state, pdu)

        if falls_on(plan.never_share, "never"):
            return ()
        if falls_on(plan.early_share, "early"):
            due_ns, is_early = now_ns, True
        else:
            delay = self._late if falls_on(plan.late_share, "late") else self._delay
            due_ns, is_early = answer_ns + delay(self._dice), False
        receipts = [at(due_ns, outcome, is_early)]
        after_ns = max(due_ns, answer_ns)
        if falls_on(plan.twice_share, "twice"):
            copy = replace(receipts[-1].pdu)  # sending gives a record its sequence_number
            again_ns = after_ns + self._delay(self._dice)
            receipts.append(Receipt(again_ns, False, receipt_id, outcome.state, copy))
        if falls_on(plan.intermediate_share, "intermediate") and not is_early:
            receipts.insert(0, at(answer_ns + (due_ns - answer_ns) // 2, ENROUTE))
        if falls_on(plan.disorder_share, "disorder"):
            receipts.append(at(after_ns + self._delay(self._dice), ENROUTE))
        return tuple(receipts)


ENROUTE = USUAL.model_copy(update={"state": MessageState.ENROUTE})


def receipt_pdu(
    submit: SubmitSm,
    receipt_id: str,
    outcome: Outcome,
    submitted_ns: int,
    done_ns: int,
    plan: Receipts,
) -> DeliverSm | DataSm:
    """The PDU that reports `outcome`, back to where `submit` came from."""
    text = b""
    if plan.text:
        step = NS_PER_S * granularity_s(plan.dialect)
        before, behind = around_id(
            plan.dialect,
            outcome.state,
            outcome.error,
            submitted_ns // step * step // NS_PER_S,
            done_ns // step * step // NS_PER_S,
            plan.utc_offset_minutes,
        )
        text = f"{before}{receipt_id}{behind}".encode("latin-1")
    tlvs: tuple[tlv.RawTlv, ...] = ()
    if plan.tlv:
        octets = receipt_id.encode("ascii") + b"\0"
        tlvs = ((tlv.RECEIPTED_MESSAGE_ID.tag, octets), STATE_TLVS[outcome.state])
    esm_class = EsmClass.DELIVERY_RECEIPT
    if outcome.state is MessageState.ENROUTE:
        esm_class = EsmClass.INTERMEDIATE_NOTIFICATION
    if plan.is_unmarked:
        esm_class = EsmClass.DEFAULT
    if plan.form == "data_sm":
        return DataSm(
            source_addr_ton=submit.dest_addr_ton,
            source_addr_npi=submit.dest_addr_npi,
            source_addr=submit.destination_addr,
            dest_addr_ton=submit.source_addr_ton,
            dest_addr_npi=submit.source_addr_npi,
            destination_addr=submit.source_addr,
            esm_class=esm_class,
            tlvs=(*tlvs, tlv.MESSAGE_PAYLOAD.make(text)) if text else tlvs,
        )
    return DeliverSm(
        source_addr_ton=submit.dest_addr_ton,
        source_addr_npi=submit.dest_addr_npi,
        source_addr=submit.destination_addr,
        dest_addr_ton=submit.source_addr_ton,
        dest_addr_npi=submit.source_addr_npi,
        destination_addr=submit.source_addr,
        esm_class=esm_class,
        short_message=text,
        tlvs=tlvs,
    )


def _is_plain(plan: Receipts) -> bool:
    """Whether every message has one receipt after its time, and no dice are thrown about it."""
    shares = (plan.early_share, plan.late_share, plan.never_share, plan.twice_share)
    odd = (plan.intermediate_share, plan.disorder_share)
    return not any(shares + odd) and plan.segments == "all"


def _is_reported(submit: SubmitSm, plan: Receipts) -> bool:
    """Whether this segment of a long message gets a receipt."""
    if plan.segments == "all":
        return True
    place, total = _place(submit)
    return place == (1 if plan.segments == "first" else total)


def _answer(submit: SubmitSm, reply: Reply, due_ns: int) -> Answer | None:
    """To the whole of a message only."""
    place, total = _place(submit)
    return Answer(due_ns + reply.after_ms * NS_PER_MS, reply.text) if place == total else None


def _place(submit: SubmitSm) -> tuple[int, int]:
    """Which part of how many; one of one where nothing, or nonsense, is said of parts."""
    try:
        part = segments.concatenation(submit)
    except SmppError:
        part = None
    return (1, 1) if part is None else (part.number, part.total)
