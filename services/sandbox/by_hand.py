"""Receipts by hand: somebody says what becomes of a message that is under way to a handset."""

from collections.abc import Callable
from typing import Any

from pipeline.errors import HeliographError
from services.sandbox.reports import Outcome
from services.sandbox.store import Message, Store
from services.sandbox.timers import now_ns
from smpp.values import MessageState

NS_PER_MS = 1_000_000
LISTED_MAX = 50


class ByHand:
    """Ends what is under way, whether it waited for that (`receipt: by_hand`) or not."""

    def __init__(
        self,
        store: Store,
        report: Callable[[Message, Outcome], None],
        arrive: Callable[[Message], None],
    ) -> None:
        """`report` sends the receipt of a message, `arrive` brings one to its handset."""
        self._store = store
        self._report = report
        self._arrive = arrive

    def under_way(self, number: str) -> list[dict[str, Any]]:
        """What is under way to `number`, a segment each, the eldest first."""
        return [
            {
                "smsc_message_id": message.smsc_message_id,
                "account": message.account.system_id,
                "sender": message.submit.source_addr,
                "since_ms": message.read_ns // NS_PER_MS,
            }
            for message in self._open(number)[:LISTED_MAX]
        ]

    def end(self, number: str, message_id: str | None, outcome: Outcome) -> list[str]:
        """End the newest that is under way to `number`, or that of `message_id`.

        Returns the SMSC's ids of what has ended; a message of several segments ends segment by
        segment, as carriers report it. Raises HeliographError where there is none.
        """
        found = self._open(number)
        if message_id is not None:
            found = [each for each in found if each.smsc_message_id == message_id]
        if not found:
            what = "nothing" if message_id is None else f"no {message_id}"
            raise HeliographError(f"{number}: {what} is under way to it; /open lists what is")
        message = found[-1]
        message.end(outcome.state, now_ns(), outcome.error)
        if outcome.state is MessageState.DELIVERED:
            self._arrive(message)
        self._report(message, outcome)
        return [message.smsc_message_id]

    def _open(self, number: str) -> list[Message]:
        return list(self._store.open_to(number, now_ns()))
