"""What the SMSC's side does to see how an ESME takes it, as two tables; pure.

Steps are done once, in order, on the first bind that may take them; receipts come last, when there
is a submit_sm to report on. The answers come by the number
of the submit_sm in the whole run; the rest is answered as the scenario has it.
"""

from collections.abc import Callable
from typing import NamedTuple

from services.sandbox.faults import UNKNOWN
from services.sandbox.mo import MoOrder, parts_of
from services.sandbox.receipts import ReceiptWriter
from services.sandbox.reports import Outcome, Receipts
from smpp import tlv
from smpp.pdu import DeliverSm, EnquireLink, Pdu, SubmitSm
from smpp.values import CommandStatus, Npi, Ton

BURST = 10  # deliver_sm at once: the window that 3.4 recommends
VENDOR_TAG, RESERVED_TAG = 0x1403, 0x0999
LATE_S = 3.0
LONG = "A message in two parts: " + "so long that one will not hold it, " * 5
SOME_SUBMIT = SubmitSm(
    source_addr="12345",
    dest_addr_ton=Ton.INTERNATIONAL,
    dest_addr_npi=Npi.ISDN,
    destination_addr="46701234567",
)
SOME_ID = "1700000000"


class Seen(NamedTuple):
    """A submit_sm that was accepted, and under which id: receipts and MO are about it."""

    submit: SubmitSm = SOME_SUBMIT
    message_id: str = SOME_ID


Made = Callable[[Seen, int], list[Pdu] | bytes]  # what is sent; the time is in nanoseconds


class Step(NamedTuple):
    """One thing that is done, under the name by which it is told when it was not."""

    name: str
    made: Made
    needs_receiver: bool = True


def _mo(text: str) -> Made:
    def made(seen: Seen, now_ns: int) -> list[Pdu]:
        order = MoOrder.model_validate({"from": "+46701234567", "to": "12345", "text": text})
        return [*reversed(parts_of(order, now_ns))]

    return made


def _with_tlvs(*tlvs: tlv.RawTlv, text: bytes = b"hello") -> Made:
    def made(seen: Seen, now_ns: int) -> list[Pdu]:
        return [_mo_pdu(seen, text, tlvs)]

    return made


def _mo_pdu(seen: Seen, text: bytes, tlvs: tuple[tlv.RawTlv, ...] = ()) -> DeliverSm:
    return DeliverSm(
        source_addr_ton=Ton.INTERNATIONAL,
        source_addr_npi=Npi.ISDN,
        source_addr="46701234567",
        destination_addr=seen.submit.source_addr or "12345",
        short_message=text,
        tlvs=tlvs,
    )


def _receipt(plan: Receipts) -> Made:
    writer = ReceiptWriter(plan)

    def made(seen: Seen, now_ns: int) -> list[Pdu]:
        return [writer.write(seen.submit, seen.message_id, Outcome(), now_ns, now_ns)]

    return made


STEPS: tuple[Step, ...] = (
    Step("MO in GSM 7-bit", _mo("hello @£$")),
    Step("MO in UCS-2", _mo("Привет")),
    Step("MO in parts with a UDH, the last part first", _mo(LONG)),
    Step("MO by message_payload", _with_tlvs(tlv.MESSAGE_PAYLOAD.make(b"hello"), text=b"")),
    Step("MO with TLVs that nobody knows", _with_tlvs((VENDOR_TAG, b"x"), (RESERVED_TAG, b"y"))),
    Step("enquire_link", lambda seen, now_ns: [EnquireLink()], needs_receiver=False),
    Step("a command_id that nobody knows", lambda seen, now_ns: UNKNOWN, needs_receiver=False),
    Step(
        "a window full of deliver_sm at once",
        lambda seen, now_ns: [_mo_pdu(seen, b"burst %d" % n) for n in range(BURST)],
    ),
    Step("receipt by text only", _receipt(Receipts(tlv=False))),
    Step("receipt by TLVs only", _receipt(Receipts(text=False))),
    Step("receipt by data_sm", _receipt(Receipts(form="data_sm"))),
)

# By the number of the submit_sm, from 1: refused, or answered late.
REFUSED = {4: CommandStatus.ESME_RSYSERR, 8: CommandStatus.ESME_RINVDSTADR}
ANSWERED_LATE = 6
THROTTLED_AFTER_S = 1.0  # once, so long after the first, so that there is a rate to fall
