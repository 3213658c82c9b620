"""One ESME account of the SMSC: its binds, its rate, where its deliveries go, and its figures."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from services.sandbox.answers import Limits
from services.sandbox.config import AccountConfig
from services.sandbox.deliveries import Bind, Delivery, Outbox
from services.sandbox.forwarding import Forwarder
from services.sandbox.limits import Limit, SlidingPeak, limit_of
from smpp.values import CommandStatus


class Account:
    """One ESME account: its binds, its rate, its deliveries."""

    def __init__(self, system_id: str, config: AccountConfig, outbox: Outbox) -> None:
        self.system_id = system_id
        self.config = config
        self.outbox = outbox
        self.put: Callable[[Delivery], None] = outbox.put  # brings it to whom it is for
        self.forwarder: Forwarder | None = None  # where that is elsewhere
        self.refused: dict[CommandStatus, int] = {}  # binds
        self.wrong_passwords = 0
        self.locked_until_ns = 0
        self.binds: set[Bind] = set()
        self.binds_peak = 0
        self.ghosts = 0  # binds lost, whose places are not free yet
        self.limits = config.limits  # the scenario's, but for what the account has for itself
        self.limit: Limit | None = None
        self.read = self.accepted = SlidingPeak()  # one count, until something is refused
        self.statuses: dict[CommandStatus, int] = {}

    def begin(self, limits: Limits) -> None:
        """The scenario is new, with these limits: count from here."""
        own = self.config.limits
        self.limits = limits.model_copy(
            update={name: getattr(own, name) for name in own.model_fields_set}
        )
        self.limit = limit_of(self.limits)

    def note(self, status: CommandStatus, read_ns: int) -> None:
        """A submit_sm read, and what became of it."""
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if status is not CommandStatus.ESME_ROK and self.read is self.accepted:
            self.accepted = deepcopy(self.read)
        self.read.note(read_ns)
        if status is CommandStatus.ESME_ROK and self.read is not self.accepted:
            self.accepted.note(read_ns)

    def statistics(self) -> dict[str, Any]:
        """What this account did and what waits for it."""
        outbox = self.outbox
        return {
            "binds": [
                {
                    "bind": bind.number,
                    "bind_type": bind.session.bind_type and bind.session.bind_type.value,
                    "peer": bind.session.peer,
                    "unanswered_submit_sm": bind.unanswered,
                }
                for bind in sorted(self.binds, key=lambda bind: bind.number)
            ],
            "ghosts": self.ghosts,
            "refused_binds": {status.name: count for status, count in self.refused.items()},
            "binds_peak": self.binds_peak,
            "submit_sm": {status.name: count for status, count in self.statuses.items()},
            "submit_sm_per_s_peak": self.read.peak,
            "accepted_per_s_peak": self.accepted.peak,
            "deliver_sm": {
                **outbox.ends,
                "waiting": len(outbox),
                "given_up": outbox.given_up,
                "dropped": outbox.dropped,
            },
        } | self._elsewhere()

    def _elsewhere(self) -> dict[str, Any]:
        forwarder = self.forwarder
        if forwarder is None:
            return {}
        figures = {"sent": forwarder.sent, "waiting": len(forwarder), "dropped": forwarder.dropped}
        return {"forwarded": figures}
