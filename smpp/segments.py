"""Long messages as several short ones: 3GPP TS 23.040 section 9.2.3.24, SMPP 3.4 section 5.3.2.22.

`split` puts a user data header (UDH) with a concatenation element before each part when one short
message does not hold the text. Sizes follow from the 140 octets of the air interface: GSM 7-bit
goes there packed, so 160 septets, and a header costs whole septets. An escape pair and a surrogate
pair are never cut. `concatenation` reads either form, header or sar_* TLVs, and `join` puts parts
together whatever their order.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from smpp import tlv
from smpp.errors import SegmentError
from smpp.gsm7 import ESCAPE
from smpp.pdu import DataSm, ShortMessage
from smpp.text import Alphabet, EncodedText
from smpp.values import EsmClass

AIR_OCTETS = 140
AIR_SEPTETS = 160
PARTS_MAX = 255
CONCATENATION_8 = 0x00  # information element identifiers, TS 23.040 section 9.2.3.24
CONCATENATION_16 = 0x08


@dataclass(frozen=True, slots=True)
class Element:
    """One information element of a user data header."""

    identifier: int
    octets: bytes


@dataclass(frozen=True, slots=True)
class Concatenation:
    """Which part of which message: `number` counts from 1 to `total`."""

    reference: int
    total: int
    number: int
    is_wide: bool = False  # a 16-bit reference

    def element(self) -> Element:
        """As an element of a user data header."""
        width = 2 if self.is_wide else 1
        octets = self.reference.to_bytes(width, "big") + bytes((self.total, self.number))
        return Element(CONCATENATION_16 if self.is_wide else CONCATENATION_8, octets)


@dataclass(frozen=True, slots=True)
class Segment:
    """One short message: its header, if any, and its part of the text."""

    header: bytes
    body: bytes

    @property
    def short_message(self) -> bytes:
        """What the field of this name carries."""
        return self.header + self.body

    @property
    def esm_class(self) -> EsmClass:
        """UDHI exactly when there is a header."""
        return EsmClass.UDHI if self.header else EsmClass.DEFAULT


def write_header(elements: Iterable[Element]) -> bytes:
    """A user data header with its length octet."""
    octets = b"".join(
        bytes((element.identifier, len(element.octets))) + element.octets for element in elements
    )
    return bytes((len(octets),)) + octets


def read_header(short_message: bytes) -> tuple[tuple[Element, ...], bytes]:
    """The elements of the header and the body after it; a header that lies raises SegmentError."""
    if not short_message or short_message[0] >= len(short_message):
        raise SegmentError("the user data header is longer than the message")
    at, end = 1, 1 + short_message[0]
    elements = []
    while at < end:
        length = short_message[at + 1] if at + 1 < end else end
        if at + 2 + length > end:
            raise SegmentError("an element is longer than the user data header")
        elements.append(Element(short_message[at], short_message[at + 2 : at + 2 + length]))
        at += 2 + length
    return tuple(elements), short_message[end:]


def user_data(pdu: ShortMessage | DataSm) -> tuple[tuple[Element, ...], bytes]:
    """Header elements and body, from short_message or message_payload, whichever holds them."""
    octets = pdu.short_message if isinstance(pdu, ShortMessage) else b""
    octets = octets or pdu.tlv(tlv.MESSAGE_PAYLOAD) or b""
    return read_header(octets) if pdu.esm_class & EsmClass.UDHI else ((), octets)


def concatenation(pdu: ShortMessage | DataSm) -> Concatenation | None:
    """Which part this is; None for a message of one. An impossible numbering is ignored, as
    TS 23.040 section 9.2.3.24.1 wants."""
    found = _of_elements(user_data(pdu)[0]) or _of_tlvs(pdu)
    return found if found is not None and 0 < found.number <= found.total else None


def split(text: EncodedText, reference: int, *, is_wide: bool = False) -> list[Segment]:
    """The text as short messages: one without a header where that holds it.

    `reference` tells concurrent messages to one handset apart, 8 bits of it or 16.
    """
    octets = text.octets
    if len(octets) <= _room(text.alphabet, header_octets=0):
        return [Segment(b"", octets)]
    room = _room(text.alphabet, header_octets=7 if is_wide else 6)
    bodies = []
    at = 0
    while at < len(octets):
        end = _cut(octets, at + room, text.alphabet)
        bodies.append(octets[at:end])
        at = end
    total = len(bodies)
    if total > PARTS_MAX:
        raise SegmentError(f"{total} parts, at most {PARTS_MAX} can be numbered")
    reference &= 0xFFFF if is_wide else 0xFF
    return [
        Segment(write_header([Concatenation(reference, total, number, is_wide).element()]), body)
        for number, body in enumerate(bodies, start=1)
    ]


def join(parts: Iterable[tuple[Concatenation, bytes]]) -> bytes:
    """The bodies of one message in their order; a part that came twice counts once."""
    bodies: dict[int, bytes] = {}
    messages = set()
    for part, body in parts:
        messages.add((part.reference, part.total))
        bodies[part.number] = body
    if len(messages) != 1:
        raise SegmentError(f"parts of {len(messages)} messages")
    _, total = messages.pop()
    missing = [number for number in range(1, total + 1) if number not in bodies]
    if missing:
        raise SegmentError(f"parts {missing} of {total} are missing")
    return b"".join(bodies[number] for number in range(1, total + 1))


def _room(alphabet: Alphabet, *, header_octets: int) -> int:
    """Octets of body beside a header: septets for GSM 7-bit, whole pairs for UCS-2."""
    if alphabet is Alphabet.GSM7:
        return AIR_SEPTETS - -(-header_octets * 8 // 7)
    room = AIR_OCTETS - header_octets
    return room - room % 2 if alphabet is Alphabet.UCS2 else room


def _cut(octets: bytes, end: int, alphabet: Alphabet) -> int:
    """The offset at or before `end` where nothing is cut in two."""
    if end >= len(octets):
        return len(octets)
    if alphabet is Alphabet.GSM7:
        return end - (octets[end - 1] == ESCAPE)
    is_high_surrogate = alphabet is Alphabet.UCS2 and 0xD8 <= octets[end - 2] <= 0xDB
    return end - 2 if is_high_surrogate else end


def _of_elements(elements: tuple[Element, ...]) -> Concatenation | None:
    for element in reversed(elements):  # a repeated element: the last one holds
        match element.identifier, tuple(element.octets):
            case (0x00, (reference, total, number)):
                return Concatenation(reference, total, number)
            case (0x08, (high, low, total, number)):
                return Concatenation(high << 8 | low, total, number, is_wide=True)
    return None


def _of_tlvs(pdu: ShortMessage | DataSm) -> Concatenation | None:
    reference = pdu.tlv(tlv.SAR_MSG_REF_NUM)
    total = pdu.tlv(tlv.SAR_TOTAL_SEGMENTS)
    number = pdu.tlv(tlv.SAR_SEGMENT_SEQNUM)
    if reference is None or total is None or number is None:
        return None
    return Concatenation(reference, total, number, is_wide=True)
