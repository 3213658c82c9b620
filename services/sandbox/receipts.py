"""The PDU of a receipt, in the form that a scenario wants; pure."""

from collections.abc import Callable

from services.sandbox.dialects import around_id, granularity_s
from services.sandbox.reports import Outcome, Receipts
from smpp import tlv
from smpp.pdu import DataSm, DeliverSm, SubmitSm
from smpp.values import EsmClass, MessageState

NS_PER_S = 1_000_000_000
REFERENCE_TAG = tlv.USER_MESSAGE_REFERENCE.tag
ID_TAG = tlv.RECEIPTED_MESSAGE_ID.tag
STATE_TLVS = {state: tlv.MESSAGE_STATE.make(state) for state in MessageState}


def _swap(pdu: DeliverSm | DataSm, _: str) -> None:
    pdu.source_addr_ton, pdu.dest_addr_ton = pdu.dest_addr_ton, pdu.source_addr_ton
    pdu.source_addr_npi, pdu.dest_addr_npi = pdu.dest_addr_npi, pdu.source_addr_npi
    pdu.source_addr, pdu.destination_addr = pdu.destination_addr, pdu.source_addr


def _dial(pdu: DeliverSm | DataSm, calling_code: str) -> None:
    digits = pdu.source_addr.removeprefix("+")
    if digits.startswith(calling_code):
        pdu.source_addr = f"0{digits.removeprefix(calling_code)}"


def _leave_out(pdu: DeliverSm | DataSm, _: str) -> None:
    pdu.source_addr_ton = pdu.source_addr_npi = 0
    pdu.source_addr = ""


ADDRESSES: dict[str, Callable[[DeliverSm | DataSm, str], None] | None] = {
    "usual": None,
    "swapped": _swap,
    "national": _dial,
    "missing": _leave_out,
}


class ReceiptWriter:
    """Writes all receipts of one scenario; what never changes is looked up once."""

    def __init__(self, plan: Receipts) -> None:
        self._has_text = plan.text
        self._has_tlvs = plan.tlv
        self._is_data_sm = plan.form == "data_sm"
        self._dialect = plan.dialect
        self._step_ns = NS_PER_S * granularity_s(plan.dialect)
        self._offset_minutes = plan.utc_offset_minutes
        self._readdress = ADDRESSES[plan.addresses]
        self._calling_code = plan.calling_code
        self._has_reference = plan.reference
        self._marks = dict.fromkeys(MessageState, EsmClass.DELIVERY_RECEIPT)
        self._marks[MessageState.ENROUTE] = EsmClass.INTERMEDIATE_NOTIFICATION
        if plan.is_unmarked:
            self._marks = dict.fromkeys(MessageState, EsmClass.DEFAULT)

    def write(
        self,
        submit: SubmitSm,
        receipt_id: str,
        outcome: Outcome,
        submitted_ns: int,
        done_ns: int,
    ) -> DeliverSm | DataSm:
        """The PDU that reports `outcome`, back to where `submit` came from."""
        pdu = self._usual(submit, receipt_id, outcome, submitted_ns, done_ns)
        if self._readdress is not None:
            self._readdress(pdu, self._calling_code)
        return pdu

    def _usual(
        self,
        submit: SubmitSm,
        receipt_id: str,
        outcome: Outcome,
        submitted_ns: int,
        done_ns: int,
    ) -> DeliverSm | DataSm:
        state, octets = outcome.state, receipt_id.encode("ascii")
        text = b""
        if self._has_text:
            step_ns = self._step_ns
            before, behind = around_id(
                self._dialect,
                state,
                outcome.error,
                submitted_ns // step_ns * step_ns // NS_PER_S,
                done_ns // step_ns * step_ns // NS_PER_S,
                self._offset_minutes,
            )
            text = before + octets + behind
        tlvs: tuple[tlv.RawTlv, ...] = ()
        if self._has_tlvs:
            tlvs = ((ID_TAG, octets + b"\0"), STATE_TLVS[state])
        if self._has_reference:
            tlvs += tuple(row for row in submit.tlvs if row[0] == REFERENCE_TAG)
        if self._is_data_sm:
            return DataSm(
                source_addr_ton=submit.dest_addr_ton,
                source_addr_npi=submit.dest_addr_npi,
                source_addr=submit.destination_addr,
                dest_addr_ton=submit.source_addr_ton,
                dest_addr_npi=submit.source_addr_npi,
                destination_addr=submit.source_addr,
                esm_class=self._marks[state],
                tlvs=(*tlvs, tlv.MESSAGE_PAYLOAD.make(text)) if text else tlvs,
            )
        return DeliverSm(
            source_addr_ton=submit.dest_addr_ton,
            source_addr_npi=submit.dest_addr_npi,
            source_addr=submit.destination_addr,
            dest_addr_ton=submit.source_addr_ton,
            dest_addr_npi=submit.source_addr_npi,
            destination_addr=submit.source_addr,
            esm_class=self._marks[state],
            short_message=text,
            tlvs=tlvs,
        )
