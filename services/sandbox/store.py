"""What the SMSC still knows of the messages it took: for query_sm, cancel_sm and replace_sm; pure.

A message is what was submitted, what was decided about it, and when it ends; where it stands is
told from the time that asks, so that nothing happens in between. The store is bounded: the oldest
gives way, as in any SMSC.
"""

from collections import deque
from collections.abc import Iterator

from services.sandbox.accounts import Account
from services.sandbox.deliveries import Bind, Delivery
from services.sandbox.ledger import own_id
from services.sandbox.mind import Decision
from services.sandbox.troubles import Fault
from smpp.pdu import Pdu, SubmitSm
from smpp.values import MessageState


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
        self.ended_as: MessageState | None = None  # before its time, by command
        self.deliveries: tuple[Delivery, ...] = ()  # its receipts, while it is open

    def decide(self, decision: Decision) -> None:
        """What becomes of it."""
        self.command_status = decision.command_status
        self.smsc_message_id = decision.smsc_message_id
        self.receipt_id = decision.receipt_id
        self.state = decision.state
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
        return self.ended_as is None and now_ns < self.ends_ns

    def end(self, state: MessageState, now_ns: int) -> None:
        """It ends now, and its receipts never come."""
        self.ended_as = state
        self.ends_ns = now_ns
        for delivery in self.deliveries:
            delivery.is_over = True


class Store:
    """The last messages, by the id that was given in the response."""

    def __init__(self, messages_max: int) -> None:
        self._messages_max = messages_max
        self._messages: dict[str, Message] = {}
        self._under_way: deque[Message] = deque()  # those, and some behind them, that may be open
        self._ids: deque[str] = deque()  # a dict finds its first key slowly once many were deleted

    def __len__(self) -> int:
        return len(self._messages)

    def put(self, message: Message, now_ns: int) -> None:
        """Remember it; the oldest is forgotten when there are too many."""
        under_way = self._under_way
        under_way.append(message)
        while under_way and (under_way[0].ends_ns < now_ns or len(under_way) > self._messages_max):
            under_way.popleft().deliveries = ()  # nobody can stop them any more
        message_id = message.smsc_message_id
        if message_id not in self._messages:
            self._ids.append(message_id)
        self._messages[message_id] = message
        if len(self._ids) > self._messages_max:
            del self._messages[self._ids.popleft()]

    def find(self, account: str, message_id: str, source_addr: str) -> Message | None:
        """The account's message with that id, if it is from that address; "" is any address."""
        message = self._messages.get(message_id)
        if message is None or message.account.system_id != account:
            return None
        return message if source_addr in ("", message.submit.source_addr) else None

    def open(
        self, account: str, source_addr: str, destination_addr: str, service_type: str, now_ns: int
    ) -> Iterator[Message]:
        """The account's messages that can still be changed; "" is any service_type."""
        for message in list(self._messages.values()):
            submit = message.submit
            if (
                message.account.system_id == account
                and message.is_open(now_ns)
                and (submit.source_addr, submit.destination_addr) == (source_addr, destination_addr)
                and service_type in ("", submit.service_type)
            ):
                yield message
