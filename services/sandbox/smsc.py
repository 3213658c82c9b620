"""The simulated SMSC: its parts put together, started, stopped, and told to behave otherwise.

    binds       who may bind             requests    what they may ask for
    submits     messages and receipts    commands    query, cancel, replace
    subscribers handsets and their MO    deliveries  every deliver_sm, until it is taken

One process, one loop, no task a message: what happens later waits in one heap (`timers`).
"""

import itertools
import random
from collections.abc import Mapping
from typing import Any

from pipeline.errors import ConfigError
from services.sandbox.accounts import Account
from services.sandbox.behaviour import Behaviour
from services.sandbox.binds import Binds
from services.sandbox.by_hand import ByHand
from services.sandbox.commands import Commands
from services.sandbox.config import SandboxConfig
from services.sandbox.deliveries import Delivery, Outbox
from services.sandbox.forwarding import Batches, Forwarder
from services.sandbox.forwarding import read as read_delivery
from services.sandbox.ledger import Ledger
from services.sandbox.listeners import Listeners
from services.sandbox.requests import Requests
from services.sandbox.saboteur import Saboteur
from services.sandbox.scenario import Scenario
from services.sandbox.store import Store
from services.sandbox.submits import Submits
from services.sandbox.subscribers import Subscribers
from services.sandbox.timers import Timers, now_ns
from smpp.pdu import Pdu
from smpp.server import SmscSession

NS_PER_US = 1000


class Sandbox:
    """One simulated SMSC. Make it inside the event loop that runs it."""

    def __init__(self, config: SandboxConfig, scenario: Scenario) -> None:
        self.ledger = Ledger(config.ledger_max)
        self._config = config
        self._check(scenario)
        self._started_ns = now_ns()
        # Microseconds since 1970, so that no later run of the sandbox gives the same ids again.
        numbers = itertools.count(self._started_ns // NS_PER_US)
        self._behaviour = Behaviour(scenario, config.seed, numbers)
        self._timers = Timers()
        self._saboteur = Saboteur(self._timers)
        self.accounts = {name: self._account(name) for name in config.accounts}
        for account in self.accounts.values():
            self._direct(account)
        self._binds = Binds(
            config, self.accounts, self._behaviour, self.ledger, self._timers, self._saboteur
        )
        self.subscribers = Subscribers(
            self._behaviour,
            self.accounts,
            self.ledger,
            self._timers,
            random.Random(config.seed),
            config.handsets_max,
        )
        store = Store(config.store_max)
        submits = Submits(
            self._behaviour,
            self.accounts,
            self.subscribers,
            store,
            self.ledger,
            self._timers,
            self._saboteur,
        )
        commands = Commands(store, submits.tell_ended)
        self.by_hand = ByHand(store, submits.tell_ended, self.subscribers.arrive)
        self._requests = Requests(self._behaviour, submits, commands, config.distribution_lists)
        self.listeners = Listeners(
            config,
            on_bind=self._binds.on_bind,
            on_request=self._on_request,
            on_closed=self._binds.on_closed,
        )
        self._batches = Batches()
        self._binds.begin_anew()
        self.subscribers.begin_anew()

    def _account(self, name: str) -> Account:
        outbox = Outbox(
            name,
            self._timers,
            lambda: self._behaviour.scenario.retries,
            self._config.waiting_max,
        )
        return Account(name, self._config.accounts[name], outbox)

    def _direct(self, account: Account) -> None:
        """Where what is for it goes."""
        to = account.config.deliver_to
        if isinstance(to, str):
            account.put = self.accounts[to].outbox.put
        elif to is not None:
            sender = f"{account.system_id}/{self._started_ns}"
            account.forwarder = Forwarder(to, sender, self._config.waiting_max)
            account.put = account.forwarder.put

    @property
    def port(self) -> int:
        """Where it listens, first of all."""
        return self.listeners.ports[0]

    @property
    def scenario(self) -> Scenario:
        """How it behaves."""
        return self._behaviour.scenario

    async def start(self) -> None:
        """Listen."""
        await self.listeners.start()

    async def stop(self) -> None:
        """Forget what is due, unbind everybody, stop listening."""
        self._timers.clear()
        await self.listeners.stop()
        for account in self.accounts.values():
            if account.forwarder is not None:
                await account.forwarder.stop()

    def take_deliveries(self, batch: Mapping[str, Any]) -> int:
        """Bring what another sandbox has for an account of this one; how many came.

        Raises ValueError for what is no batch.
        """
        account = self.accounts.get(str(batch.get("account")))
        if account is None:
            raise ValueError(f"account: there are {', '.join(self.accounts)}")
        found = [read_delivery(each) for each in batch.get("deliveries", ())]
        if not self._batches.is_new(str(batch.get("batch"))):
            return 0
        for journal, head, pdu in found:
            account.outbox.put(Delivery(pdu, self.ledger.journals[journal], head))
        return len(found)

    def change(self, scenario: Scenario) -> None:
        """Behave like `scenario` from now on; the dice begin anew, what is under way goes on.

        Raises ConfigError when it speaks of an account that is not there.
        """
        self._check(scenario)
        self._behaviour.change(scenario)
        self._binds.begin_anew()
        self.subscribers.begin_anew()

    def _check(self, scenario: Scenario) -> None:
        named = {"receipts.account": scenario.receipts.account}
        for place, row in enumerate(scenario.unprompted):
            named[f"unprompted.{place}.account"] = row.account
        known = ", ".join(self._config.accounts)
        faults = [
            f"{place}: there is no {account!r}; there are {known}"
            for place, account in named.items()
            if account is not None and account not in self._config.accounts
        ]
        if faults:
            raise ConfigError(faults)

    def drop(self) -> int:
        """Abort every connection; returns how many there were."""
        return self._binds.drop()

    def _on_request(self, session: SmscSession, request: Pdu) -> None:
        self._requests.take(*self._binds.of(session), request)

    def statistics(self) -> dict[str, Any]:
        """What happened so far, for people and judges."""
        return {
            "faults": self._no_evidence(),
            "scenario": self._behaviour.scenario.name,
            "up_s": round((now_ns() - self._started_ns) / 1e9, 3),
            "listeners": self.listeners.statistics(),
            "binds": len(self._binds),
            "binds_ever": self._binds.ever,
            "strangers": self._binds.strangers,
            "due_later": len(self._timers),
            "misbehaved": dict(self._saboteur.counts),
            "mo": self.subscribers.sent,
            "ledger": self.ledger.statistics(),
            "accounts": {name: own.statistics() for name, own in self.accounts.items()},
        }

    def _no_evidence(self) -> list[str]:
        """Why the ledger and the deliveries of this run are no evidence, if they are none."""
        full = [
            f"ledger full: {own.unrecorded} {own.name} not recorded"
            for own in self.ledger.journals.values()
            if own.unrecorded
        ]
        waiting_max = self._config.waiting_max
        dropped = [
            f"{name}: {own.outbox.dropped} deliver_sm dropped, {waiting_max} waited"
            for name, own in self.accounts.items()
            if own.outbox.dropped
        ]
        elsewhere = [
            f"{name}: {own.forwarder.dropped} deliver_sm for elsewhere dropped"
            for name, own in self.accounts.items()
            if own.forwarder is not None and own.forwarder.dropped
        ]
        return full + dropped + elsewhere
