"""Long messages as several short ones: 3GPP TS 23.040 section 9.2.3.24, SMPP 3.4 section 5.3.2.22.

`split` cuts what one short message does not hold. Sizes follow from the 140 octets of the air
interface: GSM 7-bit goes there packed, so 160 septets, and a header costs whole septets. A part
ends where a character ends: no escape pair, surrogate pair, or double octet is ever cut; and where
a grapheme cluster ends, unless the cluster is longer than a part. `concatenation` reads either
numbering, header or sar_* TLVs, and `join` puts parts together whatever their order.

short_message has an octet for each septet, and the SMSC packs; for one that does not, `packed`.
"""

from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from itertools import islice

from smpp import graphemes, gsm7, tlv
from smpp.coding import Alphabet
from smpp.errors import SegmentError, UndecodableError
from smpp.national import ESCAPE
from smpp.pdu import DataSm, ShortMessage
from smpp.text import EncodedText
from smpp.tlv import RawTlv
from smpp.udh import AnyElement, Concatenation, NationalShift, user_data, write_header
from smpp.values import EsmClass

AIR_OCTETS = 140
AIR_SEPTETS = 160
PARTS_MAX = 255
CHARACTER_OCTETS_MAX = 5  # of a pair in ISO-2022-JP after an escape sequence


class SplitBy(Enum):
    """What numbers the parts."""

    UDH_8 = "udh-8"  # a header with an 8-bit reference: what all handsets know
    UDH_16 = "udh-16"  # with a 16-bit reference: a septet less, and fewer mistaken parts
    SAR = "sar"  # sar_* TLVs, of which the SMSC makes a header
    PAYLOAD = "payload"  # nothing: message_payload holds all, and the SMSC cuts


@dataclass(frozen=True, slots=True)
class Segment:
    """One short message: its header, if any, its part of the text, and the TLVs it needs."""

    header: bytes
    body: bytes
    tlvs: tuple[RawTlv, ...] = ()

    @property
    def short_message(self) -> bytes:
        """What the field of this name carries: nothing when message_payload does."""
        is_payload = any(tag == tlv.MESSAGE_PAYLOAD.tag for tag, _ in self.tlvs)
        return b"" if is_payload else self.header + self.body

    @property
    def esm_class(self) -> EsmClass:
        """UDHI exactly when there is a header."""
        return EsmClass.UDHI if self.header else EsmClass.DEFAULT


def split(
    content: EncodedText,
    reference: int,
    *,
    by: SplitBy = SplitBy.UDH_8,
    elements: tuple[AnyElement, ...] = (),
    octets_max: int = AIR_OCTETS,
) -> list[Segment]:
    """The text as short messages: one that is not numbered where that holds it.

    `reference` tells concurrent messages to one handset apart by its low 8 bits, or 16 (UDH_16 and
    SAR). `elements` go into the header of every part, the shifts of `content` too; `octets_max` is
    for an SMSC that takes less than the air interface does. SegmentError when it takes more than
    255 parts, or the header leaves no room. Parts by SAR have the room that the SMSC's header with
    an 8-bit reference will leave: 153 septets or 134 octets.
    """
    if any(isinstance(element, Concatenation) for element in elements):
        raise SegmentError("the header numbers parts already")
    elements += tuple(_shifts(content))
    header = write_header(elements) if elements else b""
    if by is SplitBy.PAYLOAD:
        return [_payload(header, content.octets)]
    if len(content.octets) <= room(content.alphabet, elements, octets_max):
        return [Segment(header, content.octets)]
    numbering = Concatenation(0, 1, 1, is_wide=by is SplitBy.UDH_16)
    cut = _bodies(content, room(content.alphabet, (numbering, *elements), octets_max))
    bodies = list(islice(cut, PARTS_MAX + 1))
    total = len(bodies)
    if total > PARTS_MAX:
        raise SegmentError(f"over {PARTS_MAX} parts, and no more can be numbered")
    parts = enumerate(bodies, start=1)
    if by is SplitBy.SAR:
        return [Segment(header, body, _sar(reference, total, number)) for number, body in parts]
    reference &= 0xFFFF if numbering.is_wide else 0xFF
    return [
        Segment(
            write_header((Concatenation(reference, total, n, numbering.is_wide), *elements)), body
        )
        for n, body in parts
    ]


def room(
    alphabet: Alphabet, elements: tuple[AnyElement, ...] = (), octets_max: int = AIR_OCTETS
) -> int:
    """Octets of body beside a header: septets for GSM 7-bit, whole pairs for UCS-2.

    SegmentError when the header alone is longer than a short message.
    """
    header_octets = len(write_header(elements)) if elements else 0
    octets = octets_max - header_octets
    if octets < 0:
        raise SegmentError(f"the user data header takes {-octets} octets too many")
    if alphabet is Alphabet.GSM7:
        return octets_max * 8 // 7 + -header_octets * 8 // 7
    return octets - octets % 2 if alphabet is Alphabet.UCS2 else octets


def packed(segment: Segment) -> Segment:
    """A segment of GSM 7-bit as the air interface has it: the body packed, and aligned to a septet
    behind its header (TS 23.040 section 9.2.3.24)."""
    if not segment.body:
        return segment  # a header needs nothing to be aligned with
    body = gsm7.pack(segment.body, -8 * len(segment.header) % 7)
    if segment.short_message or not segment.tlvs:
        return replace(segment, body=body)
    return _payload(segment.header, body)


def unpacked(header_octets: int, body: bytes) -> bytes:
    """The septets of a packed body, an octet each; `header_octets` stood before it.

    A carriage return that only fills the last octet falls off, as TS 23.038 section 6.1.2.3.1 has
    it, and so does one of the text in the same place.
    """
    fill = -8 * header_octets % 7
    count = (8 * len(body) - fill) // 7
    septets = gsm7.unpack(body, count, fill)
    is_filled = (8 * len(body) - fill) % 7 == 0 and septets.endswith(b"\r")
    return septets[:-1] if is_filled else septets


def concatenation(pdu: ShortMessage | DataSm) -> Concatenation | None:
    """Which part this is; None for a message of one. An impossible numbering is ignored, as
    TS 23.040 section 9.2.3.24.1 wants, and of several the last one holds."""
    elements, _ = user_data(pdu)
    found = [part for part in elements if isinstance(part, Concatenation) and _is_possible(part)]
    if found:
        return found[-1]
    part = _of_tlvs(pdu)
    return part if part is not None and _is_possible(part) else None


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


def _shifts(content: EncodedText) -> Iterator[NationalShift]:
    if content.single_shift:
        yield NationalShift(content.single_shift)
    if content.locking_shift:
        yield NationalShift(content.locking_shift, is_locking=True)


def _payload(header: bytes, body: bytes) -> Segment:
    octets = header + body
    if len(octets) > tlv.VALUE_OCTETS_MAX:
        raise SegmentError(f"{len(octets)} octets, more than message_payload can hold")
    return Segment(header, body, (tlv.MESSAGE_PAYLOAD.make(octets),))


def _sar(reference: int, total: int, number: int) -> tuple[RawTlv, ...]:
    return (
        tlv.SAR_MSG_REF_NUM.make(reference & 0xFFFF),
        tlv.SAR_TOTAL_SEGMENTS.make(total),
        tlv.SAR_SEGMENT_SEQNUM.make(number),
    )


def _bodies(content: EncodedText, octets_max: int) -> Iterator[bytes]:
    at = 0
    while at < len(content.octets):
        end = _cut(content, at, at + octets_max)
        if end <= at:
            raise SegmentError("the header leaves no room for a character")
        yield content.octets[at:end]
        at = end


def _cut(content: EncodedText, at: int, end: int) -> int:
    """Where the part from `at` on ends: the last offset up to `end` that parts no character."""
    octets = content.octets
    if end >= len(octets):
        return len(octets)
    if content.alphabet is Alphabet.OCTETS:
        return end
    end, inside = _whole(content, at, end)
    _, following = _whole(content, end, min(end + CHARACTER_OCTETS_MAX, len(octets)))
    start = graphemes.last(inside + following[:1])
    while 0 < start < len(inside):
        end, inside = _whole(content, at, end - 1)
    return end


def _whole(content: EncodedText, at: int, end: int) -> tuple[int, str]:
    """The end of the last whole character up to `end`, and the text before it from `at` on.

    An escape at the end waits for the next part, and so does whatever a decoder waits with. What is
    no text at all may be cut anywhere.
    """
    octets = content.octets
    try:
        if content.alphabet is Alphabet.GSM7:
            end -= octets[end - 1] == ESCAPE
            inside = gsm7.decode(octets[at:end], content.locking_shift, content.single_shift)
            return end, inside
        decoder = getincrementaldecoder(content.alphabet.value)()
        inside = decoder.decode(_designation(content, at) + octets[at:end])
        return end - len(decoder.getstate()[0]), inside
    except (UndecodableError, UnicodeError):
        return end, ""


def _designation(content: EncodedText, at: int) -> bytes:
    """The escape sequence in force at an offset: only ISO-2022-JP has them."""
    if content.alphabet is not Alphabet.ISO_2022_JP:
        return b""
    found = content.octets.rfind(ESCAPE, 0, at)
    return content.octets[found : found + 3] if found >= 0 else b""


def _of_tlvs(pdu: ShortMessage | DataSm) -> Concatenation | None:
    reference = pdu.tlv(tlv.SAR_MSG_REF_NUM)
    total = pdu.tlv(tlv.SAR_TOTAL_SEGMENTS)
    number = pdu.tlv(tlv.SAR_SEGMENT_SEQNUM)
    if reference is None or total is None or number is None:
        return None
    return Concatenation(reference, total, number, is_wide=True)


def _is_possible(part: Concatenation) -> bool:
    return 0 < part.number <= part.total <= PARTS_MAX
