"""What is asked and what is answered: the rows of the matrix, for both roles.

Our side and the peers answer alike: a message gets the id MESSAGE_ID, the message KNOWN_ID is
there and en route, the message UNKNOWN_ID is not, and nothing can be sent to BARRED.
A row with a text is written and read by the peer's own alphabets where the peer has any.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from smpp import receipt, text, tlv
from smpp.pdu import (
    AlertNotification,
    CancelSm,
    CancelSmResp,
    DataSm,
    DataSmResp,
    DeliverSm,
    DeliverSmResp,
    DistributionList,
    EnquireLink,
    EnquireLinkResp,
    Pdu,
    QuerySm,
    QuerySmResp,
    ReplaceSm,
    ReplaceSmResp,
    SmeAddress,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
    SubmitSmResp,
    UnsuccessSme,
)
from smpp.values import CommandStatus, DataCoding, EsmClass, MessageState, Npi, Ton

MESSAGE_ID = "5f3a-1"
KNOWN_ID = "known"
UNKNOWN_ID = "unknown"
BARRED = "500"
VENDOR_TAG = 0x1401
UNKNOWN_COMMAND = bytes.fromhex("00000010 00000777 00000000 0000002a")

LATIN = "Hello @ £5, ¿què tal? Ørsted §"
EXTENSION = "[x] {y} ~ \\ | ^ 20 €"
UNICODE = "Grüße, мир, 世界 😀👍"
LONG = "".join(f"{number} green bottles, " for number in range(300))

Fields = dict[str, Any]
SOURCE: Fields = {"source_addr_ton": Ton.ALPHANUMERIC, "source_addr": "Heliograph"}
HANDSET: Fields = {
    "source_addr_ton": 1,
    "source_addr_npi": Npi.ISDN,
    "source_addr": "4915112345678",
}
TO_HANDSET: Fields = {"dest_addr_ton": 1, "dest_addr_npi": 1, "destination_addr": "4915112345678"}
TO_US: Fields = {"dest_addr_ton": Ton.NETWORK_SPECIFIC, "destination_addr": "12345"}


@dataclass(frozen=True)
class Row:
    """One request and its answer; one-way requests have none."""

    name: str
    request: Pdu
    answer: Pdu | None
    text: str | None = None


def copied(pdu: Pdu) -> Pdu:
    """A copy to send: sending gives a record its sequence number."""
    return replace(pdu)


def _submit(name: str, words: str, **fields: Any) -> Row:
    request = SubmitSm(**SOURCE, **TO_HANDSET, **_coded(words), **fields)
    return Row(name, request, SubmitSmResp(message_id=MESSAGE_ID), words)


def _deliver(name: str, words: str, **fields: Any) -> Row:
    return Row(
        name, DeliverSm(**HANDSET, **TO_US, **_coded(words), **fields), DeliverSmResp(), words
    )


def _multi(name: str, destination: SmeAddress | DistributionList) -> Row:
    barred = SmeAddress(dest_addr_ton=1, dest_addr_npi=1, destination_addr=BARRED)
    refused = UnsuccessSme(
        dest_addr_ton=1,
        dest_addr_npi=1,
        destination_addr=BARRED,
        error_status_code=CommandStatus.ESME_RINVDSTADR,
    )
    return Row(
        name,
        SubmitMulti(**SOURCE, dest_address=(destination, barred), short_message=b"to many"),
        SubmitMultiResp(message_id=MESSAGE_ID, unsuccess_sme=(refused,)),
    )


def _coded(words: str) -> Fields:
    encoded = text.encode(words)
    return {"data_coding": encoded.data_coding, "short_message": encoded.octets}


RECEIPT = receipt.DeliveryReceipt(
    message_id=MESSAGE_ID,
    state=MessageState.DELIVERED,
    error="000",
    network_error_code=b"\x03\x00\x00",
    submitted=1,
    delivered=1,
    submit_date=datetime(2026, 1, 31, 12, 0, tzinfo=UTC),
    done_date=datetime(2026, 1, 31, 12, 1, tzinfo=UTC),
    text="Hello",
)
PART = bytes.fromhex("050003a70201") + b"the first of two parts"

ESME_ASKS = [
    _submit("submit_sm", LATIN),
    _submit(
        "submit_sm, every field",
        "all of it",
        service_type="CMT",
        protocol_id=0x41,
        priority_flag=1,
        schedule_delivery_time="260131120000000+",
        validity_period="000001000000000R",
        registered_delivery=1,
        replace_if_present_flag=1,
        sm_default_msg_id=3,
    ),
    _submit("submit_sm, GSM extension", EXTENSION),
    _submit("submit_sm, UCS-2 with surrogates", UNICODE),
    Row(
        "submit_sm, one part by UDH",
        SubmitSm(**SOURCE, **TO_HANDSET, esm_class=EsmClass.UDHI, short_message=PART),
        SubmitSmResp(message_id=MESSAGE_ID),
    ),
    Row(
        "submit_sm, message_payload",
        SubmitSm(**SOURCE, **TO_HANDSET, tlvs=(tlv.MESSAGE_PAYLOAD.make(b"0123456789" * 200),)),
        SubmitSmResp(message_id=MESSAGE_ID),
    ),
    Row(
        "submit_sm, TLVs known and a vendor's",
        SubmitSm(
            **SOURCE,
            **TO_HANDSET,
            short_message=b"tlvs",
            tlvs=(tlv.USER_MESSAGE_REFERENCE.make(0xBEEF), (VENDOR_TAG, b"\x00\xff")),
        ),
        SubmitSmResp(message_id=MESSAGE_ID),
    ),
    Row(
        "submit_sm refused",
        SubmitSm(**SOURCE, destination_addr=BARRED, short_message=b"no"),
        SubmitSmResp(command_status=CommandStatus.ESME_RINVDSTADR),
    ),
    Row(
        "data_sm",
        DataSm(
            **SOURCE,
            **TO_HANDSET,
            service_type="WAP",
            registered_delivery=1,
            data_coding=DataCoding.OCTETS,
            tlvs=(tlv.MESSAGE_PAYLOAD.make(bytes(range(256))),),
        ),
        DataSmResp(message_id=MESSAGE_ID),
    ),
    Row(
        "query_sm",
        QuerySm(message_id=KNOWN_ID, **SOURCE),
        QuerySmResp(message_id=KNOWN_ID, message_state=MessageState.ENROUTE),
    ),
    Row(
        "query_sm refused",
        QuerySm(message_id=UNKNOWN_ID, **SOURCE),
        QuerySmResp(command_status=CommandStatus.ESME_RQUERYFAIL),
    ),
    Row("cancel_sm", CancelSm(message_id=KNOWN_ID, **SOURCE, **TO_HANDSET), CancelSmResp()),
    Row(
        "replace_sm",
        ReplaceSm(
            message_id=KNOWN_ID,
            **SOURCE,
            validity_period="000002000000000R",
            registered_delivery=1,
            short_message=b"rather this",
        ),
        ReplaceSmResp(),
    ),
    _multi("submit_multi", SmeAddress(**TO_HANDSET)),
    _multi("submit_multi, a distribution list", DistributionList(dl_name="friends")),
    Row("enquire_link", EnquireLink(), EnquireLinkResp()),
]
SMSC_ASKS = [
    _deliver("deliver_sm", LATIN, protocol_id=0x41, priority_flag=1),
    _deliver("deliver_sm, GSM extension", EXTENSION),
    _deliver("deliver_sm, UCS-2 with surrogates", UNICODE),
    Row(
        "deliver_sm, one part by UDH",
        DeliverSm(**HANDSET, **TO_US, esm_class=EsmClass.UDHI, short_message=PART),
        DeliverSmResp(),
    ),
    Row(
        "deliver_sm, message_payload",
        DeliverSm(**HANDSET, **TO_US, tlvs=(tlv.MESSAGE_PAYLOAD.make(b"0123456789" * 200),)),
        DeliverSmResp(),
    ),
    Row(
        "deliver_sm, a receipt",
        DeliverSm(
            **HANDSET,
            **TO_US,
            esm_class=EsmClass.DELIVERY_RECEIPT,
            short_message=receipt.write(RECEIPT).encode("ascii"),
            tlvs=receipt.tlvs(RECEIPT),
        ),
        DeliverSmResp(),
    ),
    Row(
        "data_sm",
        DataSm(**HANDSET, **TO_US, tlvs=(tlv.MESSAGE_PAYLOAD.make(b"to the ESME"),)),
        DataSmResp(message_id=MESSAGE_ID),
    ),
    Row(
        "alert_notification",
        AlertNotification(
            **HANDSET,
            esme_addr="12345",
            tlvs=(tlv.MS_AVAILABILITY_STATUS.make(1),),
        ),
        None,
    ),
    Row("enquire_link", EnquireLink(), EnquireLinkResp()),
]
