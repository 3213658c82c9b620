"""A message of a subscriber: what was ordered over HTTP as the deliver_sm that carry it, pure."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from pipeline.config import Section
from smpp import text
from smpp.errors import SmppError
from smpp.pdu import DeliverSm
from smpp.segments import split
from smpp.text import Alphabet, EncodedText
from smpp.values import Npi, Ton

SHORT_CODE_DIGITS_MAX = 8
REFERENCES = 1 << 8  # an 8-bit concatenation reference, which handsets use

Number = Annotated[str, Field(min_length=1, max_length=20, pattern=r"^[ -~]+$")]


class MoRefusedError(Exception):
    """An order that no SMS can carry, or for nobody."""


class MoOrder(Section):
    """One message to send; `parts_shuffled` scatters its parts over the account's binds."""

    sender: Annotated[Number, Field(alias="from")]
    recipient: Annotated[Number, Field(alias="to")]
    text: str | None = None
    data_hex: str | None = None
    """Octets instead of a text, sent with data_coding 2."""
    parts_shuffled: bool = False
    account: str | None = None
    """Who gets it; the first account of the configuration when left out."""

    @model_validator(mode="after")
    def _one_content(self) -> Self:
        if (self.text is None) == (self.data_hex is None):
            raise ValueError("write either text or data_hex")
        if self.data_hex is not None:
            bytes.fromhex(self.data_hex)
        return self


def parts_of(order: MoOrder, number: int) -> list[DeliverSm]:
    """The parts in order, numbered by a UDH if there are several; `number` gives the reference."""
    source_ton, source_npi = numbering(order.sender)
    dest_ton, dest_npi = numbering(order.recipient)
    try:
        content = _content(order)
        segments = split(content, number % REFERENCES)
    except SmppError as error:
        raise MoRefusedError(str(error)) from error
    return [
        DeliverSm(
            source_addr_ton=source_ton,
            source_addr_npi=source_npi,
            source_addr=order.sender.removeprefix("+"),
            dest_addr_ton=dest_ton,
            dest_addr_npi=dest_npi,
            destination_addr=order.recipient.removeprefix("+"),
            esm_class=segment.esm_class,
            data_coding=content.data_coding,
            short_message=segment.short_message,
        )
        for segment in segments
    ]


def _content(order: MoOrder) -> EncodedText:
    if order.data_hex is not None:
        return EncodedText(bytes.fromhex(order.data_hex), Alphabet.OCTETS)
    assert order.text is not None  # or the order had been refused
    return text.encode(order.text)


def numbering(address: str) -> tuple[Ton, Npi]:
    """Type and plan by the form: letters, a short code, or an international number."""
    digits = address.removeprefix("+")
    if not digits.isdecimal():
        return Ton.ALPHANUMERIC, Npi.UNKNOWN
    if digits == address and len(digits) <= SHORT_CODE_DIGITS_MAX:
        return Ton.NETWORK_SPECIFIC, Npi.UNKNOWN
    return Ton.INTERNATIONAL, Npi.ISDN
