"""What the SMSC asks: a deliver_sm or data_sm is its own until Kafka has it, and answered then."""

from pipeline.ids import ConnectorId
from pipeline.kafka.clients import now_ms
from pipeline.process import Process
from services.binder import core
from services.binder.config import BinderConfig
from services.binder.outbox import Outbox
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
        self._unconfirmed_max = config.delivers_unconfirmed_max
        self._outbox = outbox
        self._unconfirmed = 0

    def take(self, bind: int, esme: Esme, pdu: Pdu) -> None:
        """Publish it and answer; above the limit the SMSC is told to come back."""
        if not isinstance(pdu, DeliverSm | DataSm):
            esme.respond(pdu, CommandStatus.ESME_RINVCMDID)
            return
        if self._unconfirmed >= self._unconfirmed_max:
            esme.respond(pdu, CommandStatus.ESME_RX_T_APPN)
            return
        self._unconfirmed += 1

        def answer(is_kept: bool) -> None:
            self._unconfirmed -= 1
            status = CommandStatus.ESME_ROK if is_kept else CommandStatus.ESME_RX_T_APPN
            esme.respond(pdu, status)

        self._outbox.deliver(core.delivered(pdu, self._name, self._replica, bind, now_ms()), answer)
