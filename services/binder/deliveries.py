"""What the SMSC asks: a deliver_sm or data_sm is its own until Kafka has it, and answered then."""

from pipeline.ids import ConnectorId
from pipeline.kafka.clients import now_ms
from pipeline.process import Process
from services.binder import core
from services.binder.config import BinderConfig
from services.binder.handsets import Writing
from services.binder.outbox import Outbox
from services.binder.statuses import deliver_refusal
from smpp.client import Esme
from smpp.pdu import DataSm, DeliverSm, Pdu
from smpp.values import CommandStatus


class Deliveries:
    """Takes them from every bind of one connector, in a pipeline and not one by one."""

    def __init__(
        self, name: ConnectorId, process: Process, config: BinderConfig, outbox: Outbox
    ) -> None:
        self._name = name
        self._replica = process.replica
        profile = process.config.profile(name)
        self._writing = Writing.of(profile)
        self._refusal = deliver_refusal(name, profile)
        self._unconfirmed_max = config.delivers_unconfirmed_max
        self._outbox = outbox
        self._unconfirmed = 0

    def take(self, bind: int, esme: Esme, pdu: Pdu) -> None:
        """Publish it and answer; above the limit it is refused, in the way the profile chooses."""
        if not isinstance(pdu, DeliverSm | DataSm):
            esme.respond(pdu, CommandStatus.ESME_RINVCMDID)
            return
        if self._unconfirmed >= self._unconfirmed_max:
            self._refuse(esme, pdu)
            return
        self._unconfirmed += 1

        def answer(is_kept: bool) -> None:
            self._unconfirmed -= 1
            if is_kept:
                esme.respond(pdu)
            else:
                self._refuse(esme, pdu)

        record = core.delivered(pdu, self._name, self._replica, bind, now_ms(), self._writing)
        self._outbox.deliver(record, answer)

    def _refuse(self, esme: Esme, pdu: Pdu) -> None:
        """The SMSC is to come back with it."""
        if self._refusal is not None:
            esme.respond(pdu, self._refusal)
