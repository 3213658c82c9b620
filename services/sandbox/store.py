"""What the SMSC still knows of the messages it took: for query_sm, cancel_sm and replace_sm; pure.

A message is what was submitted, what was decided about it, and when it ends; where it stands is
told from the time that asks, so that nothing happens in between. The store is bounded: the oldest
that has ended gives way; where none has, the one that ends first.
"""

import heapq
from collections import deque
from collections.abc import Iterator

from services.sandbox.accounts import Account
from services.sandbox.deliveries import Bind, Delivery
from services.sandbox.ledger import own_id
from services.sandbox.mind import Decision
from services.sandbox.troubles import Fault
from smpp.pdu import Pdu, SubmitSm
from smpp.values import MessageState

LOOKS_MAX = 1000  # at messages that may have ended, for one that is to be put


class Message:
    """One message on its way. Times are nanoseconds since 1970.

    `request` is the PDU to respond to, None in a submit_multi; `own` is the sender's own id.
    """

    __slots__ = (
        "account",
        "begins_ns",
        "bind",
        "command_status",
        "deliveries",
        "ended_as",
        "ends_ns",
        "error",
        "fault",
        "own",
        "read_ns",
        "receipt_id",
        "request",
        "smsc_message_id",
        "state",
        "submit",
    )

    def __init__(
        self, account: Account, bind: Bind, submit: SubmitSm, request: Pdu | None, read_ns: int
    ) -> None:
        self.account = account
        self.bind = bind
        self.submit = submit
        self.request = request
        self.own = own_id(submit.tlvs)
        self.read_ns = read_ns
        self.fault: Fault | None = None
        self.ended_as: MessageState | None = None  # before its time, by command or by hand
        self.deliveries: tuple[Delivery, ...] = ()  # its receipts, while it is open

    def decide(self, decision: Decision) -> None:
        """What becomes of it."""
        self.command_status = decision.command_status
        self.smsc_message_id = decision.smsc_message_id
        self.receipt_id = decision.receipt_id
        self.state = decision.state
        self.error = decision.error
        self.begins_ns = decision.begins_ns
        self.ends_ns = decision.ends_ns

    def state_at(self, now_ns: int) -> MessageState:
        """Where it stands."""
        if self.ended_as is not None:
            return self.ended_as
        if now_ns >= self.ends_ns:
            return self.state
        return MessageState.SCHEDULED if now_ns < self.begins_ns else MessageState.ENROUTE

    def is_open(self, now_ns: int) -> bool:
        """Whether it can still be changed."""
        return now_ns < self.ends_ns

    def end(self, state: MessageState, now_ns: int, error: str = "000") -> None:
        """It ends now, and its receipts never come."""
        self.ended_as = state
        self.error = error
        self.ends_ns = now_ns
        for delivery in self.deliveries:
            delivery.is_over = True


class Store:
    """The last messages, by the id that was given in the response.

    Those of one submit_multi share it: behind the first they have a place behind the id.
    """

    def __init__(self, messages_max: int) -> None:
        self._messages_max = messages_max
        self._messages: dict[str, Message] = {}
        self._under_way: deque[Message] = deque()  # those, and some behind them, that may be open
        self._recent: deque[str] = deque()  # a dict's first key is found slowly after deletions
        self._lasting: list[tuple[int, str]] = []  # were open when they were the oldest: a heap

    def __len__(self) -> int:
        return len(self._messages)

    def put(self, message: Message, now_ns: int, place: int = 0) -> None:
        """Remember it, the `place`-th from 0 under its id; another is forgotten for it."""
        under_way = self._under_way
        under_way.append(message)
        while under_way and (under_way[0].ends_ns < now_ns or len(under_way) > self._messages_max):
            ended = under_way.popleft()
            if ended.ends_ns < now_ns:
                ended.deliveries = ()  # nobody can stop them any more
        message_id = message.smsc_message_id
        key = f"{message_id} {place}" if place else message_id
        messages, recent = self._messages, self._recent
        if key not in messages:
            recent.append(key)
        messages[key] = message
        if len(messages) > self._messages_max:
            if not self._lasting and messages[recent[0]].ends_ns <= now_ns:
                del messages[recent.popleft()]  # the usual case, without a call
            else:
                self._forget_one(now_ns)

    def find(self, account: str, message_id: str, source_addr: str) -> list[Message]:
        """The account's messages with that id, if they are from that address."""
        found: list[Message] = []
        message = self._messages.get(message_id)
        while message is not None:
            found.append(message)
            message = self._messages.get(f"{message_id} {len(found)}")
        return [
            each
            for each in found
            if (each.account.system_id, each.submit.source_addr) == (account, source_addr)
        ]

    def open(
        self,
        account: str,
        source_addr: str,
        destination_addr: str,
        service_type: str | None,
        now_ns: int,
    ) -> Iterator[Message]:
        """The account's messages that can still be changed; None is any service_type."""
        for message in list(self._messages.values()):
            submit = message.submit
            if (
                message.account.system_id == account
                and message.is_open(now_ns)
                and (submit.source_addr, submit.destination_addr) == (source_addr, destination_addr)
                and service_type in (None, submit.service_type)
            ):
                yield message

    def open_to(self, destination_addr: str, now_ns: int) -> Iterator[Message]:
        """Whoever's messages to a number that can still be changed, the eldest first."""
        for message in list(self._messages.values()):
            if message.submit.destination_addr == destination_addr and message.is_open(now_ns):
                yield message

    def _forget_one(self, now_ns: int) -> None:
        """Whichever has ended; what is found open is not looked at again before its end."""
        messages, recent, lasting = self._messages, self._recent, self._lasting
        if not lasting or lasting[0][0] > now_ns:
            for _ in range(min(LOOKS_MAX, len(recent))):
                key = recent.popleft()
                ends_ns = messages[key].ends_ns
                if ends_ns <= now_ns:
                    del messages[key]
                    return
                heapq.heappush(lasting, (ends_ns, key))
        del messages[heapq.heappop(lasting)[1]]
