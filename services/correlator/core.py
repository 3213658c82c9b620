"""What the correlator decides, pure: which facts of a handset go to whom.

Theory. The state is that of a handset's number, and so is the order: what became of its segments,
what an SMSC delivered, and timers. A delivery is a receipt, for which `joining.py` finds the
segment, or (a part of) an inbound message, which `mo.py` puts together and `meaning.py` reads. Each
of them says which entries of the state are its own.

Timers come back as Wake records; one that has become pointless is ignored.
"""

from collections.abc import Callable

from pipeline import topics
from pipeline.config import Config
from pipeline.effects import Effect, KeyEntries, Publish
from pipeline.ids import ConnectorId
from pipeline.records import MtSubmitted, SmscDeliver, Wake
from services.correlator import receipts, sent
from services.correlator.carriers import Carriers
from services.correlator.config import CorrelatorConfig
from services.correlator.counting import Windows
from services.correlator.joining import RECEIPT_PARKED, RECEIPT_TIMEOUT, Joining, is_of_id, key_of
from services.correlator.meaning import Meaning
from services.correlator.mo import MO_PARTIAL, Inbound
from smpp.receipt import is_receipt

HandsetFact = MtSubmitted | SmscDeliver | Wake


class Correlator:
    """Decides about one record of `sms.correlator.in` at a time."""

    def __init__(
        self,
        config: Config,
        own: CorrelatorConfig,
        ticks: Callable[[], float],
        windows: Windows | None = None,
    ) -> None:
        """`ticks` are seconds by a clock that nobody puts wrong; what becomes of receipts is
        counted into `windows`."""
        self._sandboxes = frozenset(
            ConnectorId(name) for name, connector in config.connectors.items() if connector.sandbox
        )
        self._life_s = own.life_s
        self.carriers = Carriers(config)
        windows = windows or Windows("", own.receipts_window_s * 1000)
        self._joining = Joining(own, self.carriers, windows, ticks)
        self._inbound = Inbound(
            own.partial_s, Meaning(config, own), self.carriers.default_of, self._sandboxes
        )
        self._wakes: dict[str, Callable[[KeyEntries, Wake, int], list[Effect]]] = {
            RECEIPT_TIMEOUT: self._joining.timed_out,
            RECEIPT_PARKED: self._joining.parked_too_long,
            MO_PARTIAL: self._inbound.wake,
        }

    def decide(self, state: KeyEntries, record: HandsetFact, now_ms: int) -> list[Effect]:
        """What to do about `record`; `now_ms` is since 1970 UTC."""
        match record:
            case MtSubmitted():
                if record.recipient == state.key:
                    sent.note(state, record, self._life_s)
                return self._joining.submitted(state, record, now_ms)
            case SmscDeliver():
                return self._delivered(state, record, now_ms)
            case Wake():
                decide = self._wakes.get(record.kind)
                return decide(state, record, now_ms) if decide else []

    def _delivered(self, state: KeyEntries, deliver: SmscDeliver, now_ms: int) -> list[Effect]:
        pdu = receipts.pdu_of(deliver)
        carrier = self.carriers.of(deliver.connector)
        if not is_receipt(pdu, by_text=carrier.receipts_by_text):
            return self._inbound.take(state, deliver, pdu, carrier.domain, now_ms)
        is_test = deliver.connector in self._sandboxes
        receipt = receipts.read(deliver, pdu, now_ms, carrier, is_test=is_test)
        smsc_message_id = receipt.dlr.smsc_message_id
        is_elsewhere = carrier.is_by_id and smsc_message_id and not is_of_id(state.key)
        if is_elsewhere and not self._joining.is_known(state, receipt, now_ms):
            key = key_of(carrier.domain, smsc_message_id, carrier.receipt)
            return [Publish(topics.CORRELATOR_IN, key, deliver)]
        return self._joining.received(state, receipt, now_ms)
