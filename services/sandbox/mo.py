"""A message of a subscriber: what was ordered as the PDUs that carry it, pure."""

from collections.abc import Callable
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from pipeline.config import Section
from smpp import gsm7, text, tlv
from smpp.errors import SmppError
from smpp.pdu import DataSm, DeliverSm, SubmitSm
from smpp.segments import Segment, SplitBy, split
from smpp.text import Alphabet, EncodedText
from smpp.values import Npi, Ton

SHORT_CODE_DIGITS_MAX = 8
REFERENCES = {SplitBy.UDH_8: 1 << 8, SplitBy.UDH_16: 1 << 16, SplitBy.SAR: 1 << 16}
BOM = b"\xfe\xff"

Number = Annotated[str, Field(min_length=1, max_length=20, pattern=r"^[ -~]+$")]
Encoding = Literal["auto", "gsm7", "gsm7_packed", "latin1", "ucs2", "ucs2_bom", "utf8"]
Form = Literal["udh", "udh_16", "sar", "payload", "data_sm"]

ENCODINGS: dict[Encoding, Callable[[str], EncodedText]] = {
    "auto": text.encode,
    "gsm7": lambda words: text.encode(words, Alphabet.GSM7),
    "gsm7_packed": lambda words: EncodedText(
        gsm7.pack(gsm7.encode(words)), Alphabet.OCTETS, default=Alphabet.OCTETS
    ),
    "latin1": lambda words: text.encode(words, Alphabet.LATIN1),
    "ucs2": lambda words: text.encode(words, Alphabet.UCS2),
    "ucs2_bom": lambda words: EncodedText(BOM + words.encode("utf-16-be"), Alphabet.UCS2),
    "utf8": lambda words: EncodedText(words.encode(), Alphabet.UTF8, default=Alphabet.UTF8),
}
SPLITS: dict[Form, SplitBy] = {
    "udh": SplitBy.UDH_8,
    "udh_16": SplitBy.UDH_16,
    "sar": SplitBy.SAR,
    "payload": SplitBy.PAYLOAD,
    "data_sm": SplitBy.PAYLOAD,
}


class MoRefusedError(Exception):
    """An order that no SMS can carry, or for nobody."""


class MoOrder(Section):
    """One message to send, and how."""

    sender: Annotated[Number, Field(alias="from")]
    recipient: Annotated[Number, Field(alias="to")]
    text: str | None = None
    data_hex: str | None = None
    """Octets instead of a text, sent with data_coding 4."""
    encoding: Encoding = "auto"
    """auto takes what needs the fewest parts; utf8 and gsm7_packed come under data_coding 0."""
    data_coding: Annotated[int, Field(ge=0, le=255)] | None = None
    esm_class: Annotated[int, Field(ge=0, le=255)] | None = None
    """Said instead of what is true."""
    form: Form = "udh"
    """What holds the parts together, or message_payload in a deliver_sm or data_sm."""
    parts_shuffled: bool = False
    """Scattered over the binds, in no order."""
    lost_parts: tuple[int, ...] = ()
    doubled_parts: tuple[int, ...] = ()
    account: str | None = None
    """Who gets it; the first account of the configuration when left out."""
    accounts: tuple[str, ...] = ()
    """Who get its parts in turn, instead of `account`."""

    @model_validator(mode="after")
    def _one_content(self) -> Self:
        if (self.text is None) == (self.data_hex is None):
            raise ValueError("write either text or data_hex")
        if self.data_hex is not None:
            bytes.fromhex(self.data_hex)
        return self


def answer_to(submit: SubmitSm, words: str, account: str) -> MoOrder:
    """What the handset of `submit` says to its sender."""
    return MoOrder.model_construct(
        sender=submit.destination_addr, recipient=submit.source_addr, text=words, account=account
    )


def parts_of(order: MoOrder, number: int) -> list[DeliverSm | DataSm]:
    """The parts in order, all of them; `number` gives the reference that holds them together."""
    by = SPLITS[order.form]
    try:
        content = _content(order)
        segments = split(content, number % REFERENCES.get(by, 1), by=by)
    except SmppError as error:
        raise MoRefusedError(str(error)) from error
    coding = content.data_coding if order.data_coding is None else order.data_coding
    return [_pdu(order, segment, coding) for segment in segments]


def _pdu(order: MoOrder, segment: Segment, data_coding: int) -> DeliverSm | DataSm:
    source_ton, source_npi = numbering(order.sender)
    dest_ton, dest_npi = numbering(order.recipient)
    fields: dict[str, Any] = {
        "source_addr_ton": source_ton,
        "source_addr_npi": source_npi,
        "source_addr": order.sender.removeprefix("+"),
        "dest_addr_ton": dest_ton,
        "dest_addr_npi": dest_npi,
        "destination_addr": order.recipient.removeprefix("+"),
        "esm_class": segment.esm_class if order.esm_class is None else order.esm_class,
        "data_coding": data_coding,
    }
    if order.form == "data_sm":
        payload = segment.short_message or _payload(segment)
        return DataSm(**fields, tlvs=(tlv.MESSAGE_PAYLOAD.make(payload),))
    return DeliverSm(**fields, short_message=segment.short_message, tlvs=segment.tlvs)


def _payload(segment: Segment) -> bytes:
    return dict(segment.tlvs)[tlv.MESSAGE_PAYLOAD.tag]


def _content(order: MoOrder) -> EncodedText:
    if order.data_hex is not None:
        return EncodedText(bytes.fromhex(order.data_hex), Alphabet.OCTETS)
    assert order.text is not None  # or the order had been refused
    return ENCODINGS[order.encoding](order.text)


def numbering(address: str) -> tuple[Ton, Npi]:
    """Type and plan by the form: letters, a short code, or an international number."""
    digits = address.removeprefix("+")
    if not digits.isdecimal():
        return Ton.ALPHANUMERIC, Npi.UNKNOWN
    if digits == address and len(digits) <= SHORT_CODE_DIGITS_MAX:
        return Ton.NETWORK_SPECIFIC, Npi.UNKNOWN
    return Ton.INTERNATIONAL, Npi.ISDN
