"""Those behind the handsets: what reaches them, and what they say to an account, parts and all."""

from collections.abc import Mapping
from random import Random
from typing import Any

from services.sandbox.accounts import Account
from services.sandbox.behaviour import Behaviour
from services.sandbox.deliveries import Bind, Delivery
from services.sandbox.handsets import Arrival, Handsets
from services.sandbox.ledger import Ledger
from services.sandbox.mo import MoOrder, MoRefusedError, answer_to, parts_of
from services.sandbox.reports import Outcome
from services.sandbox.scenario import Scenario
from services.sandbox.scripts import Unprompted
from services.sandbox.store import Message
from services.sandbox.timers import Timers, now_ns
from smpp.values import MessageState

NS_PER_S = 1_000_000_000


class Subscribers:
    """Sends their messages, numbered in the order of sending."""

    def __init__(
        self,
        behaviour: Behaviour,
        accounts: Mapping[str, Account],
        ledger: Ledger,
        timers: Timers,
        dice: Random,
        handsets_max: int,
    ) -> None:
        """`dice` are its own: an MO changes no submit_sm's fate. `handsets_max` 0 keeps none."""
        self.sent = 0
        self.handsets = Handsets(handsets_max)
        self._behaviour = behaviour
        self._accounts = accounts
        self._ledger = ledger
        self._timers = timers
        self._dice = dice
        self._handsets_max = handsets_max
        self.listen = handsets_max > 0  # whether anybody looks at what reaches a handset

    def begin_anew(self) -> None:
        """The scenario's own writers begin; those of the one before stop."""
        scenario = self._behaviour.scenario
        self.listen = self._handsets_max > 0 or bool(scenario.subscribers)
        for row in scenario.unprompted:
            self._write_next(scenario, row)

    def _write_next(self, scenario: Scenario, row: Unprompted) -> None:
        after_ns, number, words = row.next(self._dice)
        order = MoOrder.model_construct(
            sender=number, recipient=row.to, text=words, account=row.account
        )
        self._timers.at(now_ns() + after_ns, self._write, (scenario, row, order))

    def _write(self, due: tuple[Scenario, Unprompted, MoOrder]) -> None:
        scenario, row, order = due
        if scenario is self._behaviour.scenario:
            self._write_next(scenario, row)
            self.send(order)

    def receive(self, message: Message) -> None:
        """The time of a segment has come: it reaches its handset, if that is what became of it."""
        is_over = message.ended_as is not None  # by command, or by hand
        if not is_over and message.state_at(now_ns()) is MessageState.DELIVERED:
            self.arrive(message)

    def arrive(self, message: Message) -> None:
        """A segment reaches its handset."""
        now = now_ns()
        submit = message.submit
        for arrival in self.handsets.receive(message.account.system_id, submit, now / NS_PER_S):
            if arrival.text is not None and not arrival.missing_parts:
                self._answer(message, arrival, now)

    def send(self, order: MoOrder) -> dict[str, Any]:
        """Send one message; MoRefusedError when there is no such account, or no way to say it."""
        accounts = [self._account(name) for name in order.accounts or (order.account,)]
        parts = parts_of(order, self.sent + 1)
        self.sent += 1
        numbered = [each for each in enumerate(parts, 1) if each[0] not in order.lost_parts]
        numbered += [
            each
            for each in enumerate(parts_of(order, self.sent), 1)
            if each[0] in order.doubled_parts
        ]
        together: Bind | None = None
        if order.parts_shuffled:
            self._dice.shuffle(numbered)
        elif len(accounts) == 1 and len(parts) > 1:
            together = accounts[0].outbox.next_bind()
        for turn, (number, pdu) in enumerate(numbered):
            head = (self.sent, number, len(parts))
            delivery = Delivery(pdu, self._ledger.mo, head, together)
            accounts[turn % len(accounts)].put(delivery)
        return {"mo": self.sent, "parts": len(parts), "account": accounts[0].system_id}

    def change_fate(self, number: str, fate: Outcome) -> None:
        """What becomes of the next messages to `number`; DELIVERED is as the scenario has it, but
        for a receipt by hand.

        MoRefusedError where no handsets are kept; the oldest fate is forgotten when they are many.
        """
        if not self._handsets_max:
            raise MoRefusedError("handsets_max is 0: no handset is kept, so none can be changed")
        fates = self._behaviour.fates
        fates.pop(number, None)
        if fate.state is not MessageState.DELIVERED or fate.receipt != "usual":
            fates[number] = fate
            if len(fates) > self._handsets_max:
                del fates[next(iter(fates))]

    def reply(self, number: str, words: str, recipient: str | None) -> dict[str, Any]:
        """Answer as a handset, to the sender of its newest message or to `recipient`.

        MoRefusedError when there is nobody to answer.
        """
        newest = self.handsets.newest(number)
        if newest is None:
            raise MoRefusedError(f"{number} has got nothing that could be answered")
        return self.send(
            MoOrder.model_validate(
                {
                    "from": number,
                    "to": recipient or newest.sender,
                    "text": words,
                    "account": self._reported_to(newest.account),
                }
            )
        )

    def _answer(self, message: Message, arrival: Arrival, now: int) -> None:
        behaviour = self._behaviour
        since_s = (now - behaviour.began_ns) / NS_PER_S
        line = behaviour.scripts.answer(
            message.submit.destination_addr, arrival.text or "", since_s
        )
        if line is not None:
            order = answer_to(
                message.submit, line.text, self._reported_to(message.account.system_id)
            )
            self._timers.at(now + line.after_ns, self.send, order)

    def _reported_to(self, account: str) -> str:
        return self._behaviour.scenario.receipts.account or account

    def _account(self, name: str | None) -> Account:
        account = self._accounts.get(name or next(iter(self._accounts)))
        if account is None:
            raise MoRefusedError(f"account: there are {', '.join(self._accounts)}")
        return account
