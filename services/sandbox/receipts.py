"""The PDU of a receipt, in the form that a scenario wants; pure."""

from services.sandbox.dialects import around_id, granularity_s
from services.sandbox.reports import Outcome, Receipts
from smpp import tlv
from smpp.pdu import DataSm, DeliverSm, SubmitSm
from smpp.values import EsmClass, MessageState

NS_PER_S = 1_000_000_000
ID_TAG = tlv.RECEIPTED_MESSAGE_ID.tag
STATE_TLVS = {state: tlv.MESSAGE_STATE.make(state) for state in MessageState}


class ReceiptWriter:
    """Writes all receipts of one scenario; what never changes is looked up once."""

    def __init__(self, plan: Receipts) -> None:
        self._has_text = plan.text
        self._has_tlvs = plan.tlv
        self._is_data_sm = plan.form == "data_sm"
        self._dialect = plan.dialect
        self._step_ns = NS_PER_S * granularity_s(plan.dialect)
        self._offset_minutes = plan.utc_offset_minutes
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
