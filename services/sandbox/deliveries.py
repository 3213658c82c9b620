"""Brings deliver_sm to an account: receipts and MO, on whichever of its binds may receive.

A delivery waits until a bind of its account has room, goes out in turn over all that have, and is
over when an answer says so. What a peer does not take is not lost:

    answered ESME_ROK, or refused for good    over
    refused for now (TEMPORARY)               again after a while
    unanswered                                again after a while; a late answer still counts
    bind lost before the answer               again at once, on another bind

Every attempt becomes one entry of the ledger when it has ended.
"""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from services.sandbox.ledger import Journal
from services.sandbox.limits import Limit
from services.sandbox.reports import Retries
from services.sandbox.timers import Timers, now_ns
from smpp import tlv
from smpp.pdu import DataSm, DeliverSm, Pdu
from smpp.server import SmscSession
from smpp.values import CommandStatus

TEMPORARY = frozenset({CommandStatus.ESME_RMSGQFUL, CommandStatus.ESME_RX_T_APPN})


class Bound(NamedTuple):
    """As what, and from where."""

    bind_type: str
    host: str


class Bind:
    """One bound session of an account, numbered in the order of binding."""

    __slots__ = ("bound", "limit", "number", "session", "submits", "unanswered")

    def __init__(self, number: int, session: SmscSession, bound: Bound) -> None:
        self.number = number
        self.session = session
        self.bound = bound
        self.unanswered = 0  # submit_sm that wait for our answer
        self.submits = 0  # submit_sm read since the scenario began
        self.limit: Limit | None = None  # its own, or its account's


class Delivery:
    """One deliver_sm on its way; `head` begins its entries in `journal`."""

    __slots__ = ("attempts", "bind", "head", "is_over", "journal", "pdu", "shunned")

    def __init__(
        self,
        pdu: DeliverSm | DataSm,
        journal: Journal,
        head: tuple[object, ...],
        bind: Bind | None = None,
        shunned: Bind | None = None,
    ) -> None:
        """`bind` is taken if it may be, `shunned` only while there is no other."""
        self.pdu = pdu
        self.journal = journal
        self.head = head
        self.bind = bind
        self.shunned = shunned
        self.attempts = 0
        self.is_over = False


class Attempt:
    """A delivery sent once."""

    __slots__ = ("bind", "delivery", "number", "sent_ns")

    def __init__(self, delivery: Delivery, bind: Bind, sent_ns: int) -> None:
        self.delivery = delivery
        self.bind = bind
        self.number = delivery.attempts
        self.sent_ns = sent_ns


def message_of(pdu: DeliverSm | DataSm) -> bytes:
    """The octets of its text, wherever they are."""
    text = pdu.short_message if isinstance(pdu, DeliverSm) else b""
    return text or pdu.tlv(tlv.MESSAGE_PAYLOAD) or b""


class Outbox:
    """All that is to be brought to one account."""

    def __init__(
        self, account: str, timers: Timers, retries: Callable[[], Retries], waiting_max: int
    ) -> None:
        self.binds: list[Bind] = []  # those that may receive
        self.dropped = 0  # came when `waiting_max` waited
        self.given_up = 0
        self.ends: dict[str, int] = {}  # attempts by status, or by how they ended without one
        self._account = account
        self._timers = timers
        self._retries = retries
        self._waiting: deque[Delivery] = deque()
        self._waiting_max = waiting_max
        self._turn = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, delivery: Delivery) -> None:
        """Send now, or as soon as a bind has room."""
        if delivery.is_over:
            return  # a late answer came while it waited for its next attempt
        if not self._waiting and (bind := self.next_bind(delivery.bind, delivery.shunned)):
            self._send(delivery, bind)
        elif len(self._waiting) < self._waiting_max:
            self._waiting.append(delivery)
        else:
            self.dropped += 1

    def pump(self) -> None:
        """Send what waits, as far as there is room."""
        waiting = self._waiting
        while waiting and (bind := self.next_bind(waiting[0].bind, waiting[0].shunned)):
            self._send(waiting.popleft(), bind)

    def next_bind(self, wanted: Bind | None = None, shunned: Bind | None = None) -> Bind | None:
        """The bind whose turn it is, of those with room; `wanted` before any other."""
        if wanted is not None and wanted.session.room:
            return wanted
        binds = self.binds
        for _ in range(len(binds)):
            self._turn = (self._turn + 1) % len(binds)
            bind = binds[self._turn]
            if bind is not shunned and bind.session.room:
                return bind
        return shunned if shunned in binds and len(binds) == 1 and shunned.session.room else None

    def _send(self, delivery: Delivery, bind: Bind) -> None:
        delivery.attempts += 1
        attempt = Attempt(delivery, bind, now_ns())
        bind.session.send(delivery.pdu, self._on_answer, attempt)

    def _on_answer(self, attempt: object, response: Pdu | None) -> None:
        assert isinstance(attempt, Attempt)
        delivery = attempt.delivery
        if response is not None:
            self._record(attempt, "answered", response.command_status)
            if response.command_status in TEMPORARY:
                self._try_again(delivery)
            else:
                delivery.is_over = True
        elif attempt.bind.session.bind_type is None:
            self._record(attempt, "lost", None)
            self._waiting.appendleft(delivery)
            self.pump()
        else:
            self._record(attempt, "unanswered", None)
            self._try_again(delivery)

    def on_late(self, attempt: object, response: Pdu) -> None:
        """An answer after its time: what it takes is not sent again."""
        assert isinstance(attempt, Attempt)
        self._record(attempt, "late", response.command_status)
        if response.command_status not in TEMPORARY:
            attempt.delivery.is_over = True

    def _try_again(self, delivery: Delivery) -> None:
        retries = self._retries()
        if delivery.attempts >= retries.attempts_max:
            delivery.is_over = True
            self.given_up += 1
            return
        self._timers.at(now_ns() + retries.after_ms * 1_000_000, self.put, delivery)

    def _record(self, attempt: Attempt, end: str, status: CommandStatus | None) -> None:
        name = end if status is None else status.name
        self.ends[name] = self.ends.get(name, 0) + 1
        delivery = attempt.delivery
        pdu = delivery.pdu
        delivery.journal.write(
            (
                *delivery.head,
                self._account,
                attempt.bind.number,
                pdu.source_addr,
                pdu.destination_addr,
                len(message_of(pdu)),
                pdu.esm_class,
                pdu.data_coding,
                attempt.number,
                attempt.sent_ns,
                now_ns(),
                end,
                status,
            )
        )
