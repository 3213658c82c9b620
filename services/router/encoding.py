"""What a request says, as the user data of its segments.

Text goes as GSM 7-bit where that has every character, else as UCS-2. Binary content keeps the
header it was given, or gets one with its ports; where it must be cut, each part carries that header
with a concatenation element before the others.
"""

from collections.abc import Callable
from typing import NamedTuple

from pipeline.records import Binary, MtRequest
from services.router.policy import Refusal
from smpp import gsm7, text
from smpp.errors import SegmentError, UnencodableError
from smpp.segments import AIR_OCTETS, AIR_SEPTETS, PARTS_MAX, SplitBy, split
from smpp.transliteration import transliterated
from smpp.udh import (
    CONCATENATION_8,
    CONCATENATION_16,
    AnyElement,
    Concatenation,
    Element,
    read_header,
    write_header,
)
from smpp.values import EsmClass

PORTS_16 = 0x05  # information element identifier, TS 23.040 section 9.2.3.24.4

# Plain integers, as records hold them.
NO_HEADER = int(EsmClass.DEFAULT)
WITH_HEADER = int(EsmClass.UDHI)

# data_coding plain, and with message class 0 (TS 23.038 section 4).
GSM7 = (0x00, 0x10)
OCTETS = (0x04, 0x14)
UCS2 = (0x08, 0x18)

TOO_LONG = Refusal(
    "too_long",
    f"The content takes more than {PARTS_MAX} segments; shorten it or send several messages.",
)
UDH_UNSPLITTABLE = Refusal(
    "udh_unsplittable",
    "`binary.data` needs several segments, and `binary.udh` has no room for a concatenation "
    "element or one already; shorten the data or the header.",
)


class Encoded(NamedTuple):
    """The segments of one message, in order, each with its header."""

    data_coding: int
    esm_class: int
    short_messages: tuple[bytes, ...]


def encode(
    request: MtRequest, reference_bits: int, next_reference: Callable[[], int]
) -> Encoded | Refusal:
    """The segments of `request`, or why there are none.

    `next_reference` is called only for several segments; its number fits `reference_bits` (8, 16).
    """
    is_wide = reference_bits == 16
    if request.binary is not None:
        return _binary(request.binary, OCTETS[request.flash], is_wide, next_reference)
    assert isinstance(request.text, str)  # policy has refused envelopes, intake what is empty
    wanted = transliterated(request.text, fits_gsm7) if request.transliterate else request.text
    encoded = text.encode(wanted)
    is_gsm7 = encoded.alphabet is text.Alphabet.GSM7
    data_coding = (GSM7 if is_gsm7 else UCS2)[request.flash]
    if len(encoded.octets) <= (AIR_SEPTETS if is_gsm7 else AIR_OCTETS):
        return Encoded(data_coding, NO_HEADER, (encoded.octets,))
    try:
        by = SplitBy.UDH_16 if is_wide else SplitBy.UDH_8
        parts = split(encoded, next_reference(), by=by)
    except SegmentError:
        return TOO_LONG
    return Encoded(data_coding, WITH_HEADER, tuple(part.short_message for part in parts))


def fits_gsm7(wanted: str) -> bool:
    """Whether GSM 7-bit has every character of `wanted`."""
    try:
        gsm7.encode(wanted)
    except UnencodableError:
        return False
    return True


def _binary(
    binary: Binary, data_coding: int, is_wide: bool, next_reference: Callable[[], int]
) -> Encoded | Refusal:
    header, data = _header(binary), binary.data
    if len(header) + len(data) <= AIR_OCTETS:
        esm_class = WITH_HEADER if header else NO_HEADER
        return Encoded(data_coding, esm_class, (header + data,))
    elements = _elements(header)
    if elements is None:
        return UDH_UNSPLITTABLE
    room = AIR_OCTETS - len(write_header((Concatenation(0, 1, 1, is_wide), *elements)))
    if room < 1:
        return UDH_UNSPLITTABLE
    total = -(-len(data) // room)
    if total > PARTS_MAX:
        return TOO_LONG
    reference = next_reference()
    short_messages = tuple(
        write_header((Concatenation(reference, total, number, is_wide), *elements))
        + data[(number - 1) * room : number * room]
        for number in range(1, total + 1)
    )
    return Encoded(data_coding, WITH_HEADER, short_messages)


def _header(binary: Binary) -> bytes:
    if binary.destination_port is None:
        return binary.udh or b""
    ports = (binary.destination_port, binary.source_port or 0)
    octets = b"".join(port.to_bytes(2, "big") for port in ports)
    return write_header((Element(PORTS_16, octets),))


def _elements(header: bytes) -> tuple[AnyElement, ...] | None:
    """The elements of a header that can take a concatenation element, else None."""
    if not header:
        return ()
    try:
        elements, _ = read_header(header)
    except SegmentError:
        return None
    taken = {element.identifier for element in elements} & {CONCATENATION_8, CONCATENATION_16}
    return None if taken else elements
