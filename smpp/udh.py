"""User data headers (UDH): 3GPP TS 23.040 section 9.2.3.24.

A length octet, then elements of identifier, length and octets. Those that programs act on have a
type of their own; all others are an `Element` with its octets as they came, and so is one whose
length is not the specification's: what was read is written the same. Every type tells its
`identifier` and `octets`. Elements keep their order and may be repeated; where only one can be
meant the last one holds, and that is the reader's affair.

The header is there exactly when esm_class has UDHI; `user_data` reads by that flag alone.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from smpp import tlv
from smpp.errors import SegmentError
from smpp.pdu import DataSm, ShortMessage
from smpp.values import EsmClass

CONCATENATION_8 = 0x00
SPECIAL_INDICATION = 0x01
PORTS_8 = 0x04
PORTS_16 = 0x05
CONCATENATION_16 = 0x08
SINGLE_SHIFT = 0x24
LOCKING_SHIFT = 0x25
STORED = 0x80


@dataclass(frozen=True, slots=True)
class Element:
    """An information element of which nothing more is known."""

    identifier: int
    octets: bytes


@dataclass(frozen=True, slots=True)
class Concatenation:
    """Which part of which message: `number` counts from 1 to `total`. Section 9.2.3.24.1."""

    reference: int
    total: int
    number: int
    is_wide: bool = False  # a 16-bit reference

    @property
    def identifier(self) -> int:
        """0x00, or 0x08 when wide."""
        return CONCATENATION_16 if self.is_wide else CONCATENATION_8

    @property
    def octets(self) -> bytes:
        """Reference, total, number."""
        reference = self.reference.to_bytes(2 if self.is_wide else 1, "big")
        return reference + bytes((self.total, self.number))


@dataclass(frozen=True, slots=True)
class Ports:
    """To and from which application: 8 bits for 240 to 255, or 16. Sections 9.2.3.24.3 and .4."""

    destination: int
    source: int
    is_wide: bool = True  # 16-bit ports

    @property
    def identifier(self) -> int:
        """0x05, or 0x04 when not wide."""
        return PORTS_16 if self.is_wide else PORTS_8

    @property
    def octets(self) -> bytes:
        """Destination, source."""
        width = 2 if self.is_wide else 1
        return self.destination.to_bytes(width, "big") + self.source.to_bytes(width, "big")


@dataclass(frozen=True, slots=True)
class SpecialIndication:
    """`count` messages wait elsewhere, 255 for more; 0 clears the icon. Section 9.2.3.24.2.

    `kind` is 0 voice, 1 fax, 2 e-mail, 3 other, 7 video, with the subscriber profile in bits 5 and
    6. `store` keeps this message too. A message may hold several, one a kind.
    """

    kind: int
    store: bool
    count: int

    @property
    def identifier(self) -> int:
        """0x01."""
        return SPECIAL_INDICATION

    @property
    def octets(self) -> bytes:
        """Kind with the store bit, count."""
        if not 0 <= self.kind < STORED:
            raise ValueError("the kind has seven bits")
        return bytes((self.kind | STORED * self.store, self.count))


@dataclass(frozen=True, slots=True)
class NationalShift:
    """GSM 7-bit with the tables of `language` (`national`). Sections 9.2.3.24.15 and .16."""

    language: int
    is_locking: bool = False  # the whole alphabet, not only what follows an escape

    @property
    def identifier(self) -> int:
        """0x24, or 0x25 when locking."""
        return LOCKING_SHIFT if self.is_locking else SINGLE_SHIFT

    @property
    def octets(self) -> bytes:
        """The language identifier."""
        return bytes((self.language,))


AnyElement = Element | Concatenation | Ports | SpecialIndication | NationalShift

# By identifier and length; any other pair is an `Element`.
READERS: dict[tuple[int, int], Callable[[bytes], AnyElement]] = {
    (CONCATENATION_8, 3): lambda octets: Concatenation(octets[0], octets[1], octets[2]),
    (CONCATENATION_16, 4): lambda octets: Concatenation(
        octets[0] << 8 | octets[1], octets[2], octets[3], is_wide=True
    ),
    (SPECIAL_INDICATION, 2): lambda octets: SpecialIndication(
        octets[0] & ~STORED, bool(octets[0] & STORED), octets[1]
    ),
    (PORTS_8, 2): lambda octets: Ports(octets[0], octets[1], is_wide=False),
    (PORTS_16, 4): lambda octets: Ports(octets[0] << 8 | octets[1], octets[2] << 8 | octets[3]),
    (SINGLE_SHIFT, 1): lambda octets: NationalShift(octets[0]),
    (LOCKING_SHIFT, 1): lambda octets: NationalShift(octets[0], is_locking=True),
}


def read_header(octets: bytes) -> tuple[tuple[AnyElement, ...], bytes]:
    """The elements of the header and the body after it; a header that lies raises SegmentError."""
    if not octets or octets[0] >= len(octets):
        raise SegmentError("the user data header is longer than the message")
    at, end = 1, 1 + octets[0]
    elements: list[AnyElement] = []
    while at < end:
        length = octets[at + 1] if at + 1 < end else end
        if at + 2 + length > end:
            raise SegmentError("an element is longer than the user data header")
        elements.append(_element(octets[at], octets[at + 2 : at + 2 + length]))
        at += 2 + length
    return tuple(elements), octets[end:]


def write_header(elements: Iterable[AnyElement]) -> bytes:
    """A user data header with its length octet; SegmentError when a number does not fit."""
    try:
        written = [(element.identifier, element.octets) for element in elements]
        octets = b"".join([bytes((name, len(value))) + value for name, value in written])
        return bytes((len(octets),)) + octets
    except (OverflowError, ValueError) as error:
        raise SegmentError(f"no user data header: {error}") from None


def user_data(pdu: ShortMessage | DataSm) -> tuple[tuple[AnyElement, ...], bytes]:
    """Header elements and body, from short_message or message_payload, whichever holds them."""
    octets = pdu.short_message if isinstance(pdu, ShortMessage) else b""
    octets = octets or pdu.tlv(tlv.MESSAGE_PAYLOAD) or b""
    return read_header(octets) if pdu.esm_class & EsmClass.UDHI else ((), octets)


def shifts(elements: Iterable[AnyElement]) -> tuple[int, int]:
    """The language identifiers of locking and single shift, as `text.decode` takes them."""
    languages = {
        element.is_locking: element.language
        for element in elements
        if isinstance(element, NationalShift)
    }
    return languages.get(True, 0), languages.get(False, 0)


def _element(identifier: int, octets: bytes) -> AnyElement:
    read = READERS.get((identifier, len(octets)))
    return Element(identifier, octets) if read is None else read(octets)
