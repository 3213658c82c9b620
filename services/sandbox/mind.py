"""What a simulated SMSC decides about a submit_sm, pure: which answer, which receipts, and when.

Scenario, dice and the numbers of message ids are given; remembered is only how often a number was
refused where a row says how often. The same submit_sm in the same order get the same fates. Limits
are counted by the shell, which knows accounts and binds: what is over a limit never comes here and
throws no dice. What a scenario does not speak of is looked at once, when it begins.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from types import MappingProxyType
from typing import NamedTuple

from services.sandbox.answers import StatusRow
from services.sandbox.receipts import ReceiptWriter
from services.sandbox.reports import Notation, Outcome, Receipts, Reply
from services.sandbox.scenario import Scenario
from services.sandbox.values import NS_PER_MS, drawer
from smpp import segments, times
from smpp.errors import SmppError
from smpp.pdu import DataSm, DeliverSm, SubmitSm
from smpp.values import CommandStatus, MessageState

NS_PER_S = 1_000_000_000
UUIDS, SCATTER = 1 << 128, 0x9E3779B97F4A7C15F39CC0605CEDC835  # odd, so no two numbers meet
BY_HAND_NS = 24 * 3600 * NS_PER_S  # what nobody ends by hand ends then
REFUSALS_KEPT = 100_000  # numbers of which is remembered how often they were refused

# Which final states are reported, by the lower bits of registered_delivery; 3 is of SMPP 5.0.
RECEIPT_BITS = 0x03
IS_REPORTED: dict[int, Callable[[MessageState], bool]] = {
    0: lambda state: False,
    1: lambda state: True,
    2: lambda state: state is not MessageState.DELIVERED,
    3: lambda state: state is MessageState.DELIVERED,
}

Made = Callable[[int, int], str]  # a notation writes the number of a message in so many digits

NOTATIONS: dict[Notation, Made] = {
    "decimal": lambda number, digits: f"{number:0{digits}d}",
    "hexadecimal": lambda number, digits: f"{number:0{digits}X}",
    "hexadecimal_lower": lambda number, digits: f"{number:0{digits}x}",
    "uuid": lambda number, digits: str(uuid.UUID(int=number * SCATTER % UUIDS, version=4)),
}
USUAL = Outcome()
new = tuple.__new__
NO_FATES: Mapping[str, Outcome] = MappingProxyType({})


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
    receipt_id: str = ""
    state: MessageState = MessageState.REJECTED
    begins_ns: int = 0
    """When it is to be delivered at the earliest."""
    ends_ns: int = 0
    """When its fate is sealed."""
    error: str = "000"
    """Why, as in the receipt's text."""


class Mind:
    """Decides about one submit_sm at a time; `began_ns` is when its scenario did."""

    def __init__(
        self,
        scenario: Scenario,
        dice: Random,
        numbers: Iterator[int],
        began_ns: int,
        fates: Mapping[str, Outcome] = NO_FATES,
    ) -> None:
        """`fates` go before the scenario's outcomes, by number; they may change at any time."""
        ids, receipts = scenario.message_ids, scenario.receipts
        receipt_digits = ids.digits if ids.receipt_digits is None else ids.receipt_digits
        self._dice = dice
        self._numbers = numbers
        self._began_ns = began_ns
        self._statuses = scenario.responses.statuses
        self._outcomes = scenario.outcomes
        self._fates = fates
        self._receipts = receipts
        self._latency = drawer(scenario.responses.latency_ms)
        self._delay = drawer(receipts.delay_ms)
        self._late = drawer(receipts.late_ms)
        self._write_id = NOTATIONS[ids.in_response]
        self._write_receipt_id = NOTATIONS[ids.in_receipt]
        self._digits, self._receipt_digits = ids.digits, receipt_digits
        self._receipt_prefix = ids.receipt_prefix
        self._has_one_id = not ids.receipt_prefix and (
            (ids.in_response, ids.digits) == (ids.in_receipt, receipt_digits)
        )
        self._is_plain = _is_plain(receipts)
        self._writer = ReceiptWriter(receipts)
        self._refused: dict[tuple[int, str], int] = {}

    def decide(self, submit: SubmitSm, now_ns: int, number: int | None = None) -> Decision:
        """The answer to `submit` and what follows from it; `number` where it shares its id."""
        due_ns = now_ns + self._latency(self._dice)
        if self._statuses:
            status = self._status(submit.destination_addr, now_ns)
            if status is not CommandStatus.ESME_ROK:
                return Decision(status, due_ns, "", ())
        if number is None:
            number = self.next_number()
        message_id = receipt_id = self._write_id(number, self._digits)
        if not self._has_one_id:
            own_id = self._write_receipt_id(number, self._receipt_digits)
            receipt_id = self._receipt_prefix + own_id
        outcome = USUAL
        if self._outcomes or self._fates:
            outcome = self._outcome(submit.destination_addr, now_ns)
        begins_ns = due_ns
        if submit.schedule_delivery_time:
            begins_ns = max(due_ns, moment_ns(submit.schedule_delivery_time, now_ns))
        ends_ns = begins_ns + self._delay(self._dice)
        if outcome.receipt == "by_hand":
            ends_ns = begins_ns + BY_HAND_NS
        if submit.validity_period and ends_ns - now_ns >= NS_PER_S:  # no shorter one can be said
            expires_ns = moment_ns(submit.validity_period, now_ns)
            if expires_ns < ends_ns:
                outcome, ends_ns = EXPIRED, max(expires_ns, due_ns)
        receipts: tuple[Receipt, ...] = ()
        if IS_REPORTED[submit.registered_delivery & RECEIPT_BITS](outcome.state):
            receipts = self._plan(submit, receipt_id, outcome, now_ns, begins_ns, ends_ns)
        answer = None
        if outcome.reply is not None:
            answer = _answer(submit, outcome.reply, ends_ns)
        fields = (
            CommandStatus.ESME_ROK,
            due_ns,
            message_id,
            receipts,
            answer,
            receipt_id,
            outcome.state,
            begins_ns,
            ends_ns,
            outcome.error,
        )
        return new(Decision, fields)  # a third of what Decision(...) costs

    def next_number(self) -> int:
        """The number of the next message id."""
        return next(self._numbers)

    def ended(
        self, submit: SubmitSm, receipt_id: str, outcome: Outcome, read_ns: int, now_ns: int
    ) -> Receipt | None:
        """The receipt of a message that somebody has ended, if one was asked for."""
        if not IS_REPORTED[submit.registered_delivery & RECEIPT_BITS](outcome.state):
            return None
        pdu = self._writer.write(submit, receipt_id, outcome, read_ns, now_ns)
        return Receipt(now_ns, False, receipt_id, outcome.state, pdu)

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
        fate = self._fates.get(destination)
        if fate is not None:
            return fate
        since_s = (now_ns - self._began_ns) / NS_PER_S
        for row in self._outcomes:
            if row.fits(destination, since_s, self._dice):
                return row
        return USUAL

    def _plan(
        self,
        submit: SubmitSm,
        receipt_id: str,
        outcome: Outcome,
        now_ns: int,
        begins_ns: int,
        ends_ns: int,
    ) -> tuple[Receipt, ...]:
        """The receipts of one message, in the order in which they are due."""
        if self._is_plain and outcome.receipt == "usual":
            pdu = self._writer.write(submit, receipt_id, outcome, now_ns, ends_ns)
            return (new(Receipt, (ends_ns, False, receipt_id, outcome.state, pdu)),)
        if not _is_reported(submit, self._receipts):
            return ()
        return self._odd_plan(submit, receipt_id, outcome, now_ns, begins_ns, ends_ns)

    def _odd_plan(
        self,
        submit: SubmitSm,
        receipt_id: str,
        outcome: Outcome,
        now_ns: int,
        begins_ns: int,
        ends_ns: int,
    ) -> tuple[Receipt, ...]:
        plan, wish = self._receipts, outcome.receipt
        is_usual = wish == "usual"

        def falls_on(share: float, name: str) -> bool:
            return wish == name or (is_usual and share > 0 and self._dice.random() < share)

        def at(due_ns: int, told: Outcome, *, is_early: bool = False) -> Receipt:
            pdu = self._writer.write(submit, receipt_id, told, now_ns, due_ns)
            return Receipt(due_ns, is_early, receipt_id, told.state, pdu)

        if wish == "by_hand" or falls_on(plan.never_share, "never"):
            return ()
        due_ns, is_early = ends_ns, falls_on(plan.early_share, "early")
        if is_early:
            due_ns = now_ns
        elif falls_on(plan.late_share, "late"):
            due_ns = begins_ns + self._late(self._dice)
        receipts = [at(due_ns, outcome, is_early=is_early)]
        after_ns = max(due_ns, begins_ns)
        if falls_on(plan.twice_share, "twice"):
            copy = replace(receipts[-1].pdu)  # sending gives a record its sequence_number
            again_ns = after_ns + self._delay(self._dice)
            receipts.append(Receipt(again_ns, False, receipt_id, outcome.state, copy))
        if falls_on(plan.intermediate_share, "intermediate") and not is_early:
            receipts.insert(0, at(begins_ns + (due_ns - begins_ns) // 2, ENROUTE))
        if falls_on(plan.disorder_share, "disorder"):
            receipts.append(at(after_ns + self._delay(self._dice), ENROUTE))
        return tuple(receipts)


ENROUTE = USUAL.model_copy(update={"state": MessageState.ENROUTE})
EXPIRED = Outcome(state=MessageState.EXPIRED)
DELETED = Outcome(state=MessageState.DELETED)


def moment_ns(written: str, now_ns: int) -> int:
    """An SMPP time as nanoseconds since 1970; now where it is none."""
    try:
        moment = times.read(written, datetime.fromtimestamp(now_ns / NS_PER_S, UTC))
    except SmppError:
        return now_ns
    return int(moment.timestamp() * NS_PER_S)


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
